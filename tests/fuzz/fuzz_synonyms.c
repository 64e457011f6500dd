/* fuzz_synonyms.c: whatever is in synonyms.yaml, either all of it is stored or there is an error
 * with a place. */
#include "kb/kb_int.h"

#include <stdlib.h>

#include "tests/fuzz/memory_file.h"

static void require(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sqlite3 *db;
    struct kb_report report = {0};
    if (!db)
        require(schema_open(NULL, true, &db) == 0);
    struct kb_sources src = {.synonyms = memory_file(data, size)};
    require(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
    int r = synonyms_index(db, &src, &report);
    require(r == 0 || r == KB_ERR_INPUT);
    require((r == KB_ERR_INPUT) == (report.errors > 0));
    for (size_t i = 0; i < report.nproblem; i++)
        require(report.problem[i].message && *report.problem[i].message);
    require(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    kb_report_release(&report);
    return 0;
}

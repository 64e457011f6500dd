/* xapian.cc: the same passages in Xapian, with its defaults (BM25Weight), English stems of every word and no
 * positions, which is its fastest form. The only C++ here: Xapian has no other interface. */
#include <cstdlib>
#include <set>
#include <string>
#include <vector>
#include <xapian.h>

#include "tests/bench/bench.h"

struct xapian {
    Xapian::Database db;
    Xapian::Stem stem;
    xapian() : stem("en")
    {
    }
};

static void write_all(const struct corpus *c, size_t n, const char *path, struct cost *ret)
{
    Xapian::WritableDatabase db(path, Xapian::DB_CREATE_OR_OVERWRITE);
    Xapian::TermGenerator terms;
    terms.set_stemmer(Xapian::Stem("en"));
    terms.set_stemming_strategy(Xapian::TermGenerator::STEM_ALL);
    std::vector<char> title(TITLE_SIZE), text(TEXT_SIZE);
    for (size_t i = 0; i < n; i++) {
        corpus_passage(c, i, title.data(), text.data());
        struct cost t = cost_now();
        Xapian::Document doc;
        terms.set_document(doc);
        terms.index_text_without_positions(title.data());
        terms.index_text_without_positions(text.data());
        db.add_document(doc);
        cost_add(ret, t);
    }
    struct cost t = cost_now();
    db.commit();
    cost_add(ret, t);
}

extern "C" void xapian_build(const struct corpus *c, size_t n, const char *path, struct cost *ret)
{
    setenv("XAPIAN_FLUSH_THRESHOLD", "100000", 1);
    try {
        std::string fresh = std::string(path) + ".new";
        *ret = {};
        write_all(c, n, fresh.c_str(), ret);
        struct cost t = cost_now();
        Xapian::Database(fresh).compact(path);
        cost_add(ret, t);
        kept_remove(fresh.c_str());
    } catch (const Xapian::Error &e) {
        die("Xapian", e.get_msg().c_str());
    }
}

extern "C" struct xapian *xapian_open(const char *path)
{
    try {
        xapian *x = new xapian;
        x->db = Xapian::Database(path);
        return x;
    } catch (const Xapian::Error &e) {
        die("Xapian", e.get_msg().c_str());
    }
}

extern "C" void xapian_ask(struct xapian *x, const char *question)
{
    try {
        std::set<std::string> stems;
        const char *word;
        for (size_t n; (n = corpus_word(&question, &word));) {
            std::string w(word, n);
            for (char &ch : w)
                ch = ch >= 'A' && ch <= 'Z' ? char(ch | 0x20) : ch;
            stems.insert(x->stem(w));
        }
        Xapian::Enquire enquire(x->db);
        enquire.set_query(Xapian::Query(Xapian::Query::OP_OR, stems.begin(), stems.end()));
        enquire.get_mset(0, 10);
    } catch (const Xapian::Error &e) {
        die("Xapian", e.get_msg().c_str());
    }
}

extern "C" void xapian_free(struct xapian *x)
{
    delete x;
}

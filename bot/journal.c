/* journal.c: rows go into a queue, one thread writes them. */
#include "bot/journal.h"

#include "bot/config.h"

const struct setting journal_settings[] = {
    {.name = "journal.synchronous",
     .type = SETTING_CHOICE,
     .value = "full",
     .choices = "full normal",
     .help = "full: what was journaled survives a power cut. normal: it survives a crash of the "
             "program, and "
             "slow disks are spared."},
    {.name = "journal.retention_days",
     .type = SETTING_INT,
     .value = "90",
     .min = 1,
     .max = 3650,
     .help = "After how many days questions and answers are deleted."},
    {.name = NULL},
};

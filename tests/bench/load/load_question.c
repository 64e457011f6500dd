/* load_question.c: what is asked. Some questions many people ask, in the same words, and then press one of those that are offered
 * below the answer: those eight are typed here. Others nobody has asked before: put together of words that guides
 * about careers have, each exactly once, so that nothing that was answered helps with them. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/load/load.h"

#define N(list) (sizeof(list) / sizeof(list)[0])

const char *load_common_question(size_t n)
{
    static const char *const typed[] = {
        "How much does a technician earn?",        "Which license do I need in California?",
        "How long does the training take?",        "What does a certification cost?",
        "Where do most technicians work?",         "Do I need a degree for this work?",
        "What is the outlook for the next years?", "Who accredits the programs?",
    };
    return typed[n % N(typed)];
}

void load_new_question(size_t n, char *ret, size_t size)
{
    static const char *const asks[] = {"How much can", "Where would", "How soon does", "What could",
                                       "Why should",   "How would",   "When might"};
    static const char *const who[] = {"a certified",   "a young",  "an experienced", "a part-time",
                                      "a night-shift", "a junior", "a licensed",     "a rural",
                                      "a travelling",  "a senior", "a retired"};
    static const char *const what[] = {"technician", "technologist", "assistant",     "student",
                                       "graduate",   "phlebotomist", "lab supervisor"};
    static const char *const does[] = {"earn",         "learn",
                                       "study",        "work",
                                       "specialize",   "renew a license",
                                       "be certified", "find a job",
                                       "be trained",   "transfer credits",
                                       "take the exam"};
    static const char *const where[] = {
        "hospitals", "clinics",    "Texas",          "Ohio",          "blood banks",
        "New York",  "California", "research",       "public health", "microbiology",
        "Florida",   "hematology", "a small office", "Alaska",        "veterinary medicine"};
    static const char *const when[] = {
        "today",        "next year",  "after a degree", "without experience", "with a certificate",
        "after school", "on weekends"};
    size_t a = n % N(asks), b = (n /= N(asks)) % N(who), c = (n /= N(who)) % N(what);
    size_t d = (n /= N(what)) % N(does), e = (n /= N(does)) % N(where),
           f = (n / N(where)) % N(when);
    snprintf(ret, size, "%s %s %s %s in %s %s?", asks[a], who[b], what[c], does[d], where[e],
             when[f]);
}

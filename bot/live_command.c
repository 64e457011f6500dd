/* live_command.c: what is said in a thread of the staff's room is for the asker, unless it begins with an exclamation mark or names us.
 * The words are the same in every network. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "bot/live.h"

const char live_help[] =
    "In this thread: what you write goes to the asker. \"!kb words\" lists what the guides have, "
    "\"!close\" ends it, \"!bot\" gives it back to the bot, \"!save\" makes an answer of your "
    "reply.";

const char *live_refusal(int err)
{
    switch (err) {
    case -EINVAL:
        return "That was too long for one message, and did not go out. Please say it in parts.";
    case -ENOENT:
        return "The visitor has erased this conversation: nobody can be answered here any more.";
    case -ESTALE: return "The bot answers already.";
    default: return NULL;
    }
}

static const char *after_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    if (strncasecmp(text, word, n) || (text[n] && !isspace((unsigned char)text[n])))
        return NULL;
    return text + n + strspn(text + n, " \n");
}

enum live_command live_command(const char *text, bool named, const char **ret_words)
{
    static const struct {
        const char *word;
        enum live_command command;
    } words[] = {{"kb", LIVE_KB}, {"close", LIVE_CLOSE}, {"bot", LIVE_BOT}, {"save", LIVE_SAVE}};
    bool bang = *text == '!' && isalpha((unsigned char)text[1]);
    *ret_words = "";
    for (size_t i = 0; (bang || named) && i < sizeof words / sizeof words[0]; i++) {
        const char *rest = after_word(text + bang, words[i].word);
        if (!rest || (words[i].command == LIVE_KB && !*rest))
            continue;
        *ret_words = rest;
        return words[i].command;
    }
    return bang || named ? LIVE_HELP : LIVE_SAID;
}

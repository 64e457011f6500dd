/* generalword.c: words of any conversation, which say nothing about its subject.
 *
 * That the base lacks a word is the strongest sign that a question is about something else, but only if it
 * is a word that could be a subject. "I'm honestly confused, does everyone really need a degree?" has four
 * words that a guide about careers may well not have, and is about degrees. So these words, when the base
 * lacks them, are no sign of anything, and when it has them, a weak one.
 *
 * They are not stop words: they are searched for like all others, since an owner may write about any of
 * them. Not among them is what a base may be asked for and not have: "score", "credits", "uniform", "phone".
 *
 * English only, folded and not stemmed. */
#include "kb/kb_int.h"

#include <string.h>

/* Each word between blanks, all of them in byte order. */
static const char *const english[] = {
    " able above absolutely according across actual actually advice afraid after afternoon ",
    " ago agree ahead ain al almost alone along alot already alright although always amazing ",
    " among announce annoying another anyhow anymore anything anytime anyways anywhere apart ",
    " apparently appear appears appreciate around asap aside ask asked asking asks assume ",
    " aunt avoid aware away awesome awful awhile back bad badly barely basically bc become ",
    " becomes becoming begin beginning begins behind believe below besides between beyond ",
    " bored boring both bothered boyfriend bring brings bro brother btw buddy bunch came care ",
    " careful carry case cases cause certain certainly chance chances cheers choose choosing ",
    " clear clearly close closely colleague comfortable common commonly completely concern ",
    " concerned confused confusing consider considered considering convince cool correct cos ",
    " couldve couple coz crazy curious current currently cuz da dad daughter days deal dear ",
    " decent decide decided deciding definitely depend depending depends despite detail ",
    " details difficult doable done doubt down dr dude dunno each earlier early easier ",
    " easiest easily easy eight elsewhere end ending ends enjoy enough entire entirely ",
    " especially even evening eventually every everybody everyday everyone everywhere exact ",
    " example excellent excited exciting excuse expect expected expecting extremely face ",
    " facing fact facts fair fairly far fast faster father favorite favourite feel feeling ",
    " feels few figure figured figuring final finally fine first five folks follow following ",
    " forever forget forgot former forward found four frankly friend friends full fully fun ",
    " funny further fyi gave general generally gimme girl girlfriend given gives giving glad ",
    " gone gonna gosh gotta gotten grandma greetings gud guess guy guys haha half handle ",
    " happened happening happy hard harder hardest hardly hate havin hear heard hearing held ",
    " helpful helping helps hiya hmm hold honest honestly hope hopefully hoping hour hours ",
    " hows huge husband idea ideas idk ill imagine immediately include included includes ",
    " including incredibly indeed info information inside instead intend interested ",
    " interesting itll itself join keep keeping keeps kid kids kinda knew knowing known knows ",
    " lady large larger last lastly lately later latest lay least leave leaving led left ",
    " lemme length less lesser lets life likely likes line little live living lol long longer ",
    " longest looks lose love loved loves low lower luck lucky maam madam main mainly mam man ",
    " managed mate matter matters maximum meanwhile men mention mentioned mentions message ",
    " met middle mind minimum minute minutes mister mom moment month months morning mostly ",
    " mother mr mrs ms mum nah named near nearby nearly necessarily neither nervous never ",
    " nevertheless next nice night nine nobody none normal normally nothing notice now ",
    " nowadays number numbers obviously occur off offering oh ok okay old older oldest once ",
    " ones onto opinion opposite option options ordinary otherwise ought ourselves outside ",
    " over overall own part particular particularly parts pass past people per perfect ",
    " perfectly perhaps person personally persons pick picking piece place places pleased ",
    " plenty plus plz point points possibly ppl prefer preferred presumably pretty previous ",
    " previously prior probably problem problems proper properly put puts putting quick ",
    " quickly quiet quite random rather reach ready real realise realistic realistically ",
    " realize reason reasonable reasonably reasons recent recently recommend recommended ",
    " regarding regardless regular regularly related relative relatively remember respond ",
    " rest result rid rough roughly sad said same saw saying says scared second seconds see ",
    " seeing seem seems seen sense sent serious seriously set setting seven several short ",
    " shortly shouldnt shouldve showed showing shown shows side similar simple simply since ",
    " single sir sister sit situation situations six slightly slow slowly small smaller smart ",
    " somebody somehow someplace sometime sometimes somewhat somewhere son soon sorry sound ",
    " sounds special specific specifically stay staying still stop straight strange stuck ",
    " stupid subject suddenly suggest suggested suggestion suggestions suitable suppose ",
    " supposed surely surprised surprising talk talked talking tbh team telling tells ten ",
    " tend tends terrible themselves therefore theyll theyve thinks third tho though thought ",
    " thoughts three through throughout thru thx til till times today together told tomorrow ",
    " tonight took total totally tough toward towards tricky tried tries true truly truth ",
    " turn turned turns twice two typical typically ugh under understand understanding ",
    " unfortunately unless unsure until up upon upset useful using usual various via wanna ",
    " wanted wanting wants waste watch week weeks weird went weve whatever whenever wherever ",
    " whether whichever whoever whole wife willing wise wish within without woman women ",
    " wondered wonderful word words worried worry worse worst worth wouldve wow wrong yall ",
    " yea yeah year years yep yesterday yet youll young younger yourself youve yup ",
};

/* The last line that does not begin behind the word, which is where it would be. */
static const char *line_of(const char *between)
{
    size_t low = 0, n = sizeof english / sizeof *english;
    while (n > 1) {
        size_t half = n / 2;
        low = strncmp(english[low + half], between, strlen(between)) <= 0 ? low + half : low;
        n -= half;
    }
    return english[low];
}

bool generalword(const char *lang, const char *word)
{
    char between[64];
    size_t len = 1;
    if (lang && *lang && strcmp(lang, "en") != 0)
        return false;
    between[0] = ' ';
    for (; *word && len + 2 < sizeof between; word++)
        if (*word != '\'' && *word != ' ')
            between[len++] = *word;
    if (*word || len == 1)
        return false;                         /* longer than any of them, or nothing */
    if (stopword("en", between + 1, len - 1)) /* "what's" */
        return true;
    between[len] = ' ';
    between[len + 1] = 0;
    return strstr(line_of(between), between) != NULL;
}

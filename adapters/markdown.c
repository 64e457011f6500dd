/* markdown.c: cmark-gfm with the extensions that guides use. Registering them writes to a list of the library's, which is not made
 * for threads, and replies are rendered on several: so it is done once, before there are any. */
#include "adapters/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>

void markdown_open(void)
{
    cmark_gfm_core_extensions_ensure_registered();
}

cmark_node *markdown_parse(const char *s, size_t len)
{
    static const char *const extensions[] = {"table", "strikethrough", "autolink"};
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        cmark_syntax_extension *ext = cmark_find_syntax_extension(extensions[i]);
        if (ext)
            cmark_parser_attach_syntax_extension(parser, ext);
    }
    cmark_parser_feed(parser, s, len);
    cmark_node *root = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return root;
}

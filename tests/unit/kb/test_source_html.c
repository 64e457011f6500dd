/* test_source_html.c: of a web page only what it is about, and that as Markdown. */
#include "tests/unit/kb/outline.h"

static void assert_outline(const char *html, const char *want)
{
    struct parsed p = parse_text(source_html, "pages/pay.html", html);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.n, 1);
    blocks_hold(&p.doc[0], false);
    passages_hold(&p.doc[0]);
    assert_string_equal(outline(&p), want);
    parsed_release(&p);
}

static void assert_text(const char *html, const char *want)
{
    struct parsed p = parse_text(source_html, "pages/pay.html", html);
    assert_int_equal(p.rc, 0);
    assert_string_equal(p.doc[0].text, want);
    parsed_release(&p);
}

static void the_text_is_markdown_as_a_person_would_type_it(void **state)
{
    assert_text("<h1>Pay</h1><p>As <b>follows</b>:<ul><li>One<li>Two<ol><li>a<li>b</ol></ul>"
                "<table><tr><th>Job<th>Pay<tr><td>Clerk<td>$4|5</table><pre>\nx  y\n</pre>",
                "# Pay\n\nAs follows:\n\n- One\n- Two\n   1. a\n   2. b\n\n| Job | Pay "
                "|\n|---|---|\n| Clerk | $4\\|5 |\n\n"
                "```\nx  y\n```");
}

static void what_looks_like_markup_is_disarmed(void **state)
{
    assert_text("<p>2*3, *no*, a_b_c, _no_, [x](y), `z`, &lt;b&gt; &amp;amp; a\\b</p><p># "
                "no</p><p>- no</p>",
                "2\\*3, \\*no\\*, a_b_c, \\_no_, \\[x\\](y), \\`z\\`, \\<b> \\&amp; "
                "a\\\\b\n\n\\# no\n\n\\- no");
    struct parsed p = parse_text(source_html, "f.html",
                                 "<p>2*3 *no* _no_ [x](y) `z` &lt;b&gt; &amp;amp; # - a\\b</p>");
    assert_string_equal(block_plain(&p.doc[0], &p.doc[0].block[0]),
                        "2*3 *no* _no_ [x](y) `z` <b> &amp; # - a\\b");
    parsed_release(&p);
}

static void navigation_scripts_and_forms_are_left_out(void **state)
{
    assert_outline("<header><h1>Site</h1></header><nav><p>n</nav><script>s</script><style>s</"
                   "style><form><p>f</form>"
                   "<aside>a</aside><noscript><p>x</noscript><template><p>t</template><p>text<span "
                   "aria-hidden=true>+</span>"
                   "<footer>f</footer>",
                   "P text\n");
}

static void main_is_preferred_to_all_and_one_article_to_none(void **state)
{
    assert_outline("<p>no</p><main><header><h1>Yes</h1></header><p>text</main><p>no",
                   "1 Yes\nP text\n");
    assert_outline("<p>no</p><article><h2>Yes</h2>text</article>", "2 Yes\nP text\n");
    assert_outline("<article>a</article><article>b</article>", "P a\nP b\n");
    assert_outline("<form id=whole><h1>Page</h1><p>text</form>", "1 Page\nP text\n");
}

static void what_opens_with_a_click_is_a_heading_and_its_text(void **state)
{
    assert_outline(
        "<h2>FAQ</h2><details><summary>Is it hard?</summary><p>No.</details>"
        "<h3><button aria-expanded=false>Is it long?</button></h3><div hidden>Yes.</div>"
        "<button aria-controls=x>Is it dear?</button><div>A bit.</div><button>Send</button>"
        "<p><strong>Is it fun?</strong></p><p>Yes.</p>"
        "<dl><dt>Is it new?<dd><p>No.</dl><ul><li><h3>Is it old?</h3>Yes.</ul>",
        "2 FAQ\n3 Is it hard?\nP No.\n3 Is it long?\nP Yes.\n4 Is it dear?\nP A bit.\n4 Is it "
        "fun?\nP Yes.\n"
        "4 Is it new?\nP No.\n3 Is it old?\nP Yes.\n");
}

static void a_term_and_its_definition_are_one_item(void **state)
{
    assert_outline("<dl><dt>MIG<dd>metal inert gas<dt>TIG:<dd><p>tungsten</p><p>inert gas</p></dl>",
                   "- MIG: metal inert gas\n- TIG: tungsten\nP inert gas\n");
}

static void an_item_keeps_its_paragraphs_and_list(void **state)
{
    struct parsed p = parse_text(source_html, "f.html",
                                 "<ul><li><p>a</p><p>b</p><ul><li>c</ul><li>d</ul><ul><li>e</ul>");
    assert_string_equal(outline(&p), "- a\nP b\n-- c\n- d\n- e\n");
    const struct block *b = p.doc[0].block;
    assert_true(b[0].group == b[1].group && b[0].group == b[2].group && b[0].group == b[3].group);
    assert_int_not_equal(b[0].group, b[4].group);
    parsed_release(&p);
}

static void tables_of_data_are_rows_and_tables_for_looks_are_not(void **state)
{
    assert_outline(
        "<table><thead><tr><td>Job<td>Pay</thead><tr><td><ul><li>x<li>y</ul><td>1<br>2</table>",
        "|H | Job | Pay |\n| | x y | 1 2 |\n");
    assert_outline("<table><tr><td><h2>Left</h2><p>l<td><table><tr><td>a<td>b</table></table>",
                   "2 Left\nP l\n| | a | b |\n");
    assert_outline("<table><tr><td>alone<tr><td>too</table>", "P alone\nP too\n");
    assert_outline("<tr><td>lost<td>cells", "P lost\nP cells\n");
}

static void the_head_gives_the_fields(void **state)
{
    struct parsed p = parse_text(source_html, "f.html",
                                 "<html lang=en-US><head><title>Pay | Example College</title><link "
                                 "rel=canonical href='https://example.org/pay'>"
                                 "<meta name='guidepost:audience' content='students'><meta "
                                 "name='guidepost:valid_until' content='2027-06-30'>"
                                 "<meta name=description content=d></head><body><h1>Pay</h1><p>x");
    assert_int_equal(p.rc, 0);
    assert_string_equal(p.doc[0].title, "Pay");
    assert_string_equal(p.doc[0].lang, "en");
    assert_string_equal(p.doc[0].url, "https://example.org/pay");
    assert_string_equal(p.doc[0].audience, "students");
    assert_string_equal(p.doc[0].valid_until, "2027-06-30");
    parsed_release(&p);
    p = parse_text(source_html, "f.html", "<title>Our &amp; site</title><h1>Pay</h1>x");
    assert_string_equal(p.doc[0].title, "Our & site");
    parsed_release(&p);
}

static void nonsense_in_our_own_fields_is_an_error_and_elsewhere_is_not(void **state)
{
    struct parsed p =
        parse_text(source_html, "f.html",
                   "<head>\n<meta name='guidepost:valid_until' content='2027-02-30'></head>x");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_int_equal(p.report.problem[0].line, 2);
    parsed_release(&p);
    p = parse_text(source_html, "f.html", "<meta name='guidepost:colour' content='red'>x");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    parsed_release(&p);
    p = parse_text(source_html, "f.html", "<html lang='!'><link rel=canonical href='/here'><p>x");
    assert_int_equal(p.rc, 0);
    assert_string_equal(p.doc[0].lang, "");
    assert_string_equal(p.doc[0].url, "");
    parsed_release(&p);
}

static void references_come_out_composed_and_without_controls(void **state)
{
    assert_outline("<p>Caf&#101;&#769;&nbsp;&#1;x &eacute;", "P Caf\xc3\xa9 x \xc3\xa9\n");
}

static void a_page_that_cannot_be_read_whole_is_refused(void **state)
{
    size_t n = 5000;
    char *html = calloc(n, 16);
    assert_non_null(html);
    for (size_t i = 0; i < n; i++)
        strcpy(html + i * 5, "<div>");
    strcat(html, "text");
    struct parsed p = parse_text(source_html, "f.html", html);
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_int_equal(p.report.nproblem, 1);
    assert_non_null(strstr(p.report.problem[0].message, "nested deeper"));
    parsed_release(&p);
    free(html);
}

static void nothing_gives_no_blocks(void **state)
{
    assert_outline("", "");
    assert_outline("<p> </p><ul><li></ul><table><tr><td></table><h1></h1>&nbsp;", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_markdown_as_a_person_would_type_it),
        cmocka_unit_test(what_looks_like_markup_is_disarmed),
        cmocka_unit_test(navigation_scripts_and_forms_are_left_out),
        cmocka_unit_test(main_is_preferred_to_all_and_one_article_to_none),
        cmocka_unit_test(what_opens_with_a_click_is_a_heading_and_its_text),
        cmocka_unit_test(a_term_and_its_definition_are_one_item),
        cmocka_unit_test(an_item_keeps_its_paragraphs_and_list),
        cmocka_unit_test(tables_of_data_are_rows_and_tables_for_looks_are_not),
        cmocka_unit_test(the_head_gives_the_fields),
        cmocka_unit_test(nonsense_in_our_own_fields_is_an_error_and_elsewhere_is_not),
        cmocka_unit_test(references_come_out_composed_and_without_controls),
        cmocka_unit_test(a_page_that_cannot_be_read_whole_is_refused),
        cmocka_unit_test(nothing_gives_no_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

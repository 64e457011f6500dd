/* kb_int.h: what the files of kb/ share, and nobody else sees, by stage: the life of a source (kb_int_source.h), the file
 * that is made of it (kb_int_index.h), and the life of a question (kb_int_ask.h). In each, one boxed section per file. */
#ifndef KB_KB_INT_H
#define KB_KB_INT_H

#include "kb/kb_int_ask.h"
#include "kb/kb_int_index.h"
#include "kb/kb_int_source.h"

#endif

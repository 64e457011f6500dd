/* limits.h: how big anything may get, in one table. kb's own are at the top of kb/kb_int_source.h. */
#ifndef BOT_LIMITS_H
#define BOT_LIMITS_H

#define MAX_QUESTION_CHARS 2000 /* code points of one message; longer ones are refused */
#define MAX_ANSWER_CHARS   1200 /* code points of reply.text: what an asker sees first */
#define MAX_CHOICES        3    /* "did you mean" */
#define MAX_SUGGESTIONS    3    /* follow-up questions below an answer */

#define MAX_HTTP_BODY            (64u * 1024) /* bytes of a request body */
#define MAX_WS_FRAME             (16u * 1024) /* bytes of one message from a browser */
#define MAX_REPLY_JSON           (64u * 1024) /* bytes of one reply on the wire */
#define MAX_PEER_QUEUE           256          /* frames waiting for one slow reader */
#define MAX_PEER_BYTES           (1u << 20)   /* bytes waiting for one slow reader */
#define MAX_IN_FLIGHT            2   /* questions of one connection being answered at once */
#define MAX_CONVERSATION_WAITING 8   /* and of one conversation, from wherever they come */
#define MAX_QUEUE                512 /* questions waiting for a worker; beyond: busy, retry */
#define MAX_JOURNAL_QUEUE                                                                          \
    8192 /* jobs waiting for the next commit; beyond: busy, or sent unrecorded */
#define MAX_INBOX      10000 /* messages taken in and not dealt with; beyond: refused, come again */
#define MAX_OUTBOX     10000 /* messages to other servers in memory; more wait on disk */
#define MAX_IDENTITY   256   /* bytes of a message's identity, a lane's name, an idempotency key */
#define MAX_HTTP_QUEUE 4096  /* requests to other servers, waiting or under way */

#define MAX_HTTP_HEADERS   8192         /* bytes of a request's line and headers */
#define MAX_REPLY_HEADERS  (64u * 1024) /* bytes that an adapter may add to a reply's head */
#define MAX_PENDING        256 /* connections without a whole request yet; the oldest goes first */
#define REQUEST_DEADLINE_S 10  /* headers and body together, however they drip in */
#define KEEPALIVE_S        60  /* between two requests of one connection */
#define REPLY_DEADLINE_S   60  /* from the whole request to the owner's reply */
#define PEER_PARTIAL_S     10  /* from a message's first byte to its last */
#define PEER_PING_S        25  /* silence before we ask whether somebody is there */
#define PEER_IDLE_S        120 /* silence before we hang up */
#define PEER_STALL_S       26  /* a reader that takes nothing; seen every 2 s, so gone in 30 s */
#define PEER_CLOSE_S       5   /* for what is queued and the close handshake */

#define MAX_SESSIONS      50000       /* conversations remembered; the longest silent goes first */
#define MAX_SESSION_TURNS 6           /* earlier messages remembered of one conversation */
#define SESSION_IDLE_S    (24 * 3600) /* and for how long */

#define MAX_HEARD       1000 /* questions whose replies are known; the longest unused goes first */
#define MAX_HEARD_BYTES 256  /* of one of them: nobody asks a longer one again in the same words */

#define MAX_LOG_LINE    4096
#define MAX_CONFIG_FILE (1u << 20)

#endif

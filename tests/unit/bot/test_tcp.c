/* What the kernel knows about a connection: peer.c draws conclusions from these counts, so they must be exact. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bot/tcp.h"

static void connect_both(int fd[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&at, &len);
    fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd[0], (struct sockaddr *)&at, len), 0);
    fd[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd[1] >= 0);
    close(listener);
}

static void bytes_are_counted_when_they_come_in_and_not_when_they_are_read(void **state)
{
    int fd[2];
    char s[64];
    struct tcp_transfer t;
    connect_both(fd);
    assert_true(tcp_transfer(fd[1], &t));
    assert_int_equal(t.received, 0);
    assert_int_equal(send(fd[0], "0123456789", 10, 0), 10);
    assert_true(tcp_transfer(fd[1], &t));
    assert_int_equal(t.received, 10);
    assert_int_equal(recv(fd[1], s, sizeof s, 0), 10);
    assert_true(tcp_transfer(fd[1], &t));
    assert_int_equal(t.received, 10);
    close(fd[0]);
    close(fd[1]);
}

static void what_the_other_side_has_is_told_from_what_is_on_its_way(void **state)
{
    int fd[2];
    char s[64];
    struct tcp_transfer t;
    connect_both(fd);
    assert_int_equal(send(fd[0], "0123456789", 10, 0), 10);
    assert_int_equal(recv(fd[1], s, sizeof s, 0), 10);
    for (int i = 0; i < 100; i++) { /* an acknowledgement may take its time */
        assert_true(tcp_transfer(fd[0], &t));
        if (t.arrived)
            break;
        usleep(10000);
    }
    assert_true(t.arrived);
    assert_in_range(t.acked, 10, 11); /* the handshake may count as one */
    close(fd[0]);
    close(fd[1]);
}

static void what_is_no_tcp_is_not_known(void **state)
{
    int fd[2];
    struct tcp_transfer t;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_false(tcp_transfer(fd[0], &t));
    close(fd[0]);
    close(fd[1]);
    assert_false(tcp_transfer(-1, &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_counted_when_they_come_in_and_not_when_they_are_read),
        cmocka_unit_test(what_the_other_side_has_is_told_from_what_is_on_its_way),
        cmocka_unit_test(what_is_no_tcp_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

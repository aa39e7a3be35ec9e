/* The native launcher: `keystead process NAME` from the agent's cache, without starting Python.
 *
 * It does what `keystead.hot` and `keystead.agent.protocol` do, and nothing else; the same tests
 * check both. Any failure is left to the full command. `keystead agent launcher --native` compiles
 * it with LAUNCHER_PYTHON, the interpreter of the installation, and LAUNCHER_SENDER, the
 * `User-Agent` with its version, as an agent of another version refuses it.
 */

#define _GNU_SOURCE /* memmem, struct ucred */

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define SECONDS 2 /* time limit of connecting, and of each read and write */
#define LENGTH "\r\nContent-Length: "
#define COUNT(array) (sizeof(array) / sizeof *(array))

extern char **environ;

/* The agent's limit of an answer is 256 KiB. Pages that are not used cost nothing. */
static char answer[512 * 1024];

static const char *const unusual[] = {
    "KEYSTEAD_DEBUG", "KEYSTEAD_MFA_CODE", "KEYSTEAD_RUNNING_PROCESS"};
static const char *const paths[] = {
    "HOME", "KEYSTEAD_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE"};
static const char *const counting[] = {
    "HOME", "CREDENTIALS_DIRECTORY", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"};
static const char *const without_effect[] = {"KEYSTEAD_AGENT", "KEYSTEAD_AGENT_IDLE"};

/* Overwrites memory that held keys; volatile, so that no compiler leaves it out. */
static void wipe(volatile char *start, size_t size)
{
    while (size--)
        *start++ = 0;
}

/* A variable, "" where it is not set. */
static const char *value_of(const char *name)
{
    const char *found = getenv(name);
    return found ? found : "";
}

/* Whether an entry of the environment is the variable `name`. */
static bool is_named(const char *entry, const char *name)
{
    size_t size = strlen(name);
    return strncmp(entry, name, size) == 0 && entry[size] == '=';
}

static bool is_one_of(const char *entry, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_named(entry, names[i]))
            return true;
    return false;
}

/* Whether the agent can answer: no variable is for this one command, and no path is relative. */
static bool is_usual(void)
{
    for (size_t i = 0; i < COUNT(unusual); i++)
        if (getenv(unusual[i]))
            return false;
    for (size_t i = 0; i < COUNT(paths); i++) {
        const char *path = value_of(paths[i]);
        if (*path && *path != '~' && *path != '/')
            return false;
    }
    return true;
}

/* Whether an entry of the environment affects an answer. */
static bool counts(const char *entry)
{
    if (!strchr(entry, '='))
        return false;
    if (strncmp(entry, "AWS_", 4) == 0 || strncmp(entry, "KEYSTEAD_", 9) == 0)
        return !is_one_of(entry, without_effect, COUNT(without_effect));
    return is_one_of(entry, counting, COUNT(counting));
}

/* Whether an earlier entry has the same name, as the first one is in effect. */
static bool is_repeated(const char *entry, char *const *earlier, size_t count)
{
    size_t size = (size_t)(strchr(entry, '=') - entry) + 1;
    for (size_t i = 0; i < count; i++)
        if (strncmp(entry, earlier[i], size) == 0)
            return true;
    return false;
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* The variables that affect an answer, sorted, in an array to be freed. NULL without memory. */
static char **variables(size_t *count)
{
    size_t all = 0;
    while (environ[all])
        all++;
    char **found = calloc(all + 1, sizeof *found);
    *count = 0;
    for (char **entry = environ; found && *entry; entry++)
        if (counts(*entry) && !is_repeated(*entry, found, *count))
            found[(*count)++] = *entry;
    if (found)
        qsort(found, *count, sizeof *found, compare);
    return found;
}

/* Whether the text is UTF-8 (table 3-7 of the Unicode standard). */
static bool is_utf8(const unsigned char *c)
{
    while (*c) {
        unsigned char first = *c++, least = 0x80, most = 0xBF;
        int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        if ((first >= 0x80 && first < 0xC2) || first > 0xF4)
            return false;
        if (first == 0xE0 || first == 0xF0)
            least = first == 0xE0 ? 0xA0 : 0x90;
        if (first == 0xED || first == 0xF4)
            most = first == 0xED ? 0x9F : 0x8F;
        for (; more; more--, c++, least = 0x80, most = 0xBF)
            if (*c < least || *c > most)
                return false;
    }
    return true;
}

/* Whether a name is UTF-8 for Python too: in another encoding it is other bytes. */
static bool is_encoded(const char *name)
{
#ifndef __APPLE__
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80) {
            setlocale(LC_CTYPE, "");
            const char *codeset = nl_langinfo(CODESET);
            /* Python uses UTF-8 in the locale C, whose encoding is the second one here. */
            if (strcmp(codeset, "UTF-8") != 0 && strcmp(codeset, "ANSI_X3.4-1968") != 0)
                return false;
            break;
        }
#endif
    return is_utf8((const unsigned char *)name);
}

/* Appends `name` quoted for the path of a request (RFC 3986). */
static char *quote(char *end, const char *name)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *name; name++)
        if (strchr(plain, *name))
            *end++ = *name;
        else
            end += sprintf(end, "%%%02X", (unsigned char)*name);
    return end;
}

/* The request for the profile's answer, to be wiped and freed. NULL without memory. */
static char *request_for(const char *name, size_t *size)
{
    static const char rest[] = " HTTP/1.1\r\nHost: keystead\r\nUser-Agent: " LAUNCHER_SENDER LENGTH;
    size_t count, length = 0;
    char **body = variables(&count);
    if (!body)
        return NULL;
    for (size_t i = 0; i < count; i++)
        length += strlen(body[i]) + (i > 0);
    size_t room = sizeof "POST /ready/" + 3 * strlen(name) + sizeof rest + 32 + length;
    char *request = malloc(room), *end = request;
    if (request) {
        end = quote(stpcpy(end, "POST /ready/"), name);
        end += sprintf(end, "%s%zu\r\n\r\n", rest, length);
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                *end++ = '\0';
            size_t part = strlen(body[i]);
            memcpy(end, body[i], part);
            end += part;
        }
        *size = (size_t)(end - request);
    }
    free(body);
    return request;
}

/* The path of the agent's socket; false if the agent is disabled or the path is too long. */
static bool find_socket(char *path, size_t room)
{
    const char *named = value_of("KEYSTEAD_AGENT"), *own = value_of("KEYSTEAD_HOME");
    int size;
    if (*named && strcmp(named, "auto") != 0) {
        size = snprintf(path, room, "%s", named);
    } else if (*own) {
        bool at_home = strcmp(own, "~") == 0 || strncmp(own, "~/", 2) == 0
                       || strncmp(own, "~\\", 2) == 0;
        const char *home = at_home ? value_of("HOME") : "";
        own += at_home;
        if (!*home && !*own)
            return false;
        size = snprintf(path, room, "%s%s/run/agent.sock", home, own);
    } else {
#ifdef __APPLE__
        const char *runtime = value_of("TMPDIR");
#else
        const char *runtime = value_of("XDG_RUNTIME_DIR");
#endif
        size_t length = strlen(runtime);
        while (length && runtime[length - 1] == '/')
            length--;
        if (*runtime == '/')
            size = snprintf(path, room, "%.*s/keystead/agent.sock", (int)length, runtime);
        else
            size = snprintf(path, room, "/tmp/keystead-%u/agent.sock", (unsigned)geteuid());
    }
    return *path == '/' && size > 0 && (size_t)size < room;
}

/* Whether the folder of the socket is this user's private folder. */
static bool is_private(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    struct stat found;
    size_t size = (size_t)(strrchr(path, '/') - path);
    if (size == 0)
        size = 1;
    memcpy(folder, path, size);
    folder[size] = '\0';
    return lstat(folder, &found) == 0 && found.st_uid == geteuid()
           && (found.st_mode & 0170077) == 0040000;
}

/* Whether the process at the other end is this user's. */
static bool is_own(int connection)
{
#ifdef __linux__
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
           && size == sizeof peer && peer.uid == geteuid();
#else
    uid_t user;
    gid_t group;
    return getpeereid(connection, &user, &group) == 0 && user == geteuid();
#endif
}

static bool send_all(int connection, const char *start, size_t size)
{
    while (size) {
        ssize_t sent = send(connection, start, size, 0);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        start += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* The size of the whole answer; 0 if it failed or is too large. */
static size_t receive_all(int connection)
{
    size_t size = 0;
    while (size < sizeof answer) {
        ssize_t got = recv(connection, answer + size, sizeof answer - size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? size : 0;
        size += (size_t)got;
    }
    return 0;
}

/* The size of the agent's whole answer to a request; 0 if there is none. */
static size_t ask(const char *request, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = SECONDS};
    if (!find_socket(address.sun_path, sizeof address.sun_path) || !is_private(address.sun_path))
        return 0;
#ifdef SOCK_CLOEXEC
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
#endif
    if (connection < 0)
        return 0;
    size_t got = 0;
    if (setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0
        && setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0
        && connect(connection, (struct sockaddr *)&address, sizeof address) == 0
        && is_own(connection) && send_all(connection, request, size))
        got = receive_all(connection);
    close(connection); /* before anything is written: it may be descriptor 1 */
    return got;
}

/* The body of a complete successful answer of `size` bytes, with its size; else NULL. */
static const char *body_of(size_t size, size_t *left)
{
    static const char good[] = "HTTP/1.1 200 ";
    char length[32];
    const char *head_end = memmem(answer, size, "\r\n\r\n", 4), *at = answer, *found = NULL;
    if (!head_end || size < sizeof good || memcmp(answer, good, sizeof good - 1) != 0)
        return NULL;
    const char *body = head_end + 4;
    *left = size - (size_t)(body - answer);
    while ((at = memmem(at, (size_t)(head_end - at), LENGTH, sizeof LENGTH - 1)))
        found = at += sizeof LENGTH - 1;
    size_t digits = (size_t)sprintf(length, "%zu", *left);
    if (*left == 0 || !found || (size_t)(head_end - found) != digits
        || memcmp(found, length, digits) != 0)
        return NULL;
    return body;
}

static void report(const char *line)
{
    ssize_t ignored = write(2, line, strlen(line));
    (void)ignored;
}

/* Writes the body; false: nothing was written. */
static bool write_all(const char *body, size_t left)
{
    bool began = false;
    while (left) {
        ssize_t written = write(1, body, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && !began)
            return false;
        if (written < 0) {
            report("keystead: error: standard output could not be written\n");
            _exit(1); /* part of it was written, so nothing may follow */
        }
        began = true;
        body += written;
        left -= (size_t)written;
    }
    return true;
}

/* Writes the agent's answer for the profile; false: nothing was written. */
static bool hand_out(const char *name)
{
    size_t size, left;
    if (!is_usual() || !is_encoded(name))
        return false;
    char *request = request_for(name, &size);
    if (!request)
        return false;
    size_t got = ask(request, size);
    wipe(request, size); /* the environment may have keys */
    free(request);
    const char *body = got ? body_of(got, &left) : NULL;
    bool done = body && write_all(body, left);
    wipe(answer, got);
    return done;
}

static void interrupted(int number)
{
    (void)number;
    report("keystead: error: interrupted\n");
    _exit(130);
}

/* Prevents core dumps and debuggers until the next exec, and treats signals as Python does. */
static void prepare(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN}, before;
#ifdef __linux__
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
    action.sa_handler = interrupted;
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
        sigaction(SIGINT, &action, NULL);
}

/* Replaces this process with the full command. */
static int run_in_full(int argc, char **argv)
{
    static char *const first[] = {LAUNCHER_PYTHON, "-P", "-m", "keystead", "process"};
    char **words = calloc(COUNT(first) + (size_t)argc + 1, sizeof *words);
    if (words) {
        memcpy(words, first, sizeof first);
        for (int i = 1; i < argc; i++)
            words[COUNT(first) + (size_t)i - 1] = argv[i];
        execv(LAUNCHER_PYTHON, words);
    }
    report("keystead: error: the interpreter of this launcher cannot be run\n"
           "keystead: hint: run `keystead agent launcher --native` again\n");
    return 1;
}

int main(int argc, char **argv)
{
    prepare();
    if (argc == 2 && argv[1][0] != '-' && hand_out(argv[1]))
        _exit(0);
    return run_in_full(argc, argv);
}

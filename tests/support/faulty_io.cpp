// SPDX-License-Identifier: Apache-2.0
// A library that makes a program meet the faults of a machine: loaded before the C library
// (LD_PRELOAD), it answers system calls as a file of rules says that ONEMARKET_FAULTS names. The
// file is read again at each call, so that faults come and go while the program runs.
//
//     CALL[,CALL...] PATTERN FAULT [from=N] [times=N] [every=N] [past=BYTES]
//
// CALL is the name of a function below, without its variants (`open` is openat too, `read` pread).
// PATTERN is one of the shell for the file's path, in which `*` takes slashes too; what has no path
// wants `*`. FAULT is the name of an error; `done:ERROR`, which comes when the call has been
// carried out all the same; `short:BYTES`; `slow:MILLISECONDS`; or `jump:SECONDS`, of `clock`.
// from: the first N-1 calls are well; times: no more than N have the fault; every: each N-th only;
// past: the call goes past this byte of the file, or asks for more memory. The first line that is
// due counts;
// `#` begins a comment. What a fault was given to is a line in the file <rules>.hit: CALL PATH.
//
// It leaves the environment again at once: no program that is started has it. It allocates nothing
// and takes no lock of others, since sanitizers come through here before they are ready.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
// Of the thread sanitizer, where there is one: it does not see our lock, but strcmp() and the like.
[[gnu::weak]] void __tsan_acquire(void* what);
[[gnu::weak]] void __tsan_release(void* what);
}

namespace {

constexpr size_t kMostBytes = 4096;  // of the rules
constexpr size_t kMostRules = 16;
// Smaller pieces of memory are not looked at: there are too many of them.
constexpr size_t kLargeMemory = size_t{16} << 10;

constexpr struct {
    const char* name;
    int number;
} kErrors[] = {{"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR},
               {"EIO", EIO},       {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"ENOMEM", ENOMEM},
               {"ENOSPC", ENOSPC}, {"EPERM", EPERM},   {"EROFS", EROFS},   {"ESTALE", ESTALE}};

// What happens to a call.
struct Verdict {
    int error = 0;
    bool done = false;  // it is carried out, and fails then
    size_t most = SIZE_MAX;
    int64_t wait = 0, jump = 0;
};

struct Rule {
    const char* calls = "";
    const char* pattern = "";
    Verdict verdict;
    uint64_t from = 1, times = UINT64_MAX, every = 1, past = 0;
    uint64_t seen = 0, hits = 0;
};

const char* rules_path = nullptr;
char hit_path[PATH_MAX];
pid_t owner = 0;  // a child between fork and exec is left alone

// All of it under the lock.
std::atomic_flag busy = ATOMIC_FLAG_INIT;
char text[kMostBytes], words[kMostBytes];
Rule rules[kMostRules];
size_t rule_count = 0;

class Lock {
  public:
    Lock() {
        while (busy.test_and_set(std::memory_order_acquire)) sched_yield();
        if (__tsan_acquire != nullptr) __tsan_acquire(&busy);
    }
    ~Lock() {
        if (__tsan_release != nullptr) __tsan_release(&busy);
        busy.clear(std::memory_order_release);
    }
};

int raw_open(const char* path, int flags) {
    return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600));
}

void complain(const char* word) {
    char line[256];
    const int size = snprintf(line, sizeof line, "faulty_io: what is '%s'?\n", word);
    (void)!syscall(SYS_write, STDERR_FILENO, line, size);
    _exit(70);
}

bool take(const char* word, const char* name, auto& value) {
    const size_t size = strlen(name);
    if (strncmp(word, name, size) != 0) return false;
    value =
        static_cast<std::remove_reference_t<decltype(value)>>(strtoll(word + size, nullptr, 10));
    return true;
}

void parse_fault(const char* word, Verdict& verdict) {
    const char* const whole = word;
    if (take(word, "short:", verdict.most) || take(word, "jump:", verdict.jump) ||
        take(word, "slow:", verdict.wait))
        return;
    verdict.done = strncmp(word, "done:", 5) == 0;
    if (verdict.done) word += 5;
    for (const auto& error : kErrors)
        if (strcmp(word, error.name) == 0) verdict.error = error.number;
    if (verdict.error == 0) complain(whole);
}

void parse_line(char* line) {
    char* rest = nullptr;
    const char* calls = strtok_r(line, " ", &rest);
    if (calls == nullptr || *calls == '#') return;
    const char* pattern = strtok_r(nullptr, " ", &rest);
    const char* fault = strtok_r(nullptr, " ", &rest);
    if (fault == nullptr || rule_count == kMostRules) complain(calls);
    Rule rule;
    rule.calls = calls;
    rule.pattern = pattern;
    parse_fault(fault, rule.verdict);
    while (const char* word = strtok_r(nullptr, " ", &rest))
        if (!take(word, "from=", rule.from) && !take(word, "times=", rule.times) &&
            !take(word, "every=", rule.every) && !take(word, "past=", rule.past))
            complain(word);
    rules[rule_count++] = rule;
}

// What has been counted begins anew with other rules.
void read_rules() {
    char now[kMostBytes] = {};
    const int file = raw_open(rules_path, O_RDONLY);
    if (file >= 0) {
        (void)!syscall(SYS_read, file, now, sizeof now - 1);
        syscall(SYS_close, file);
    }
    if (strcmp(now, text) == 0) return;
    memcpy(text, now, sizeof text);
    memcpy(words, now, sizeof words);
    rule_count = 0;
    char* rest = nullptr;
    for (char* line = strtok_r(words, "\n", &rest); line != nullptr;
         line = strtok_r(nullptr, "\n", &rest))
        parse_line(line);
}

bool names(const char* calls, const char* call) {
    const size_t size = strlen(call);
    for (const char* at = calls; (at = strstr(at, call)) != nullptr; at += size)
        if ((at == calls || at[-1] == ',') && (at[size] == ',' || at[size] == '\0')) return true;
    return false;
}

void note_hit(const char* call, const char* path) {
    char line[PATH_MAX + 64];
    const int size = snprintf(line, sizeof line, "%s %s\n", call, path);
    const int file = raw_open(hit_path, O_WRONLY | O_APPEND | O_CREAT);
    (void)!syscall(SYS_write, file, line, size);
    syscall(SYS_close, file);
}

// A file by its descriptor, by its name in an open folder, or nothing of the kind.
struct Place {
    int fd = -1;
    const char* name = "";

    void path(char* to, size_t room) const {
        size_t size = 0;
        if (fd >= 0 && *name != '/') {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            const ssize_t got = readlink(link, to, room - 1);
            size = got > 0 ? static_cast<size_t>(got) : 0;
        }
        const bool both = size > 0 && *name != '\0';
        snprintf(to + size, room - size, "%s%s", both ? "/" : "", name);
    }
};

Verdict judge(const char* call, const Place& place, uint64_t reach = 0) {
    if (rules_path == nullptr || syscall(SYS_getpid) != owner) return {};
    const int kept = errno;
    Verdict verdict;
    {
        const Lock lock;
        read_rules();
        char path[PATH_MAX] = "";
        for (size_t i = 0; i < rule_count; ++i) {
            Rule& rule = rules[i];
            if (!names(rule.calls, call) || reach < rule.past) continue;
            if (*path == '\0') place.path(path, sizeof path);
            if (fnmatch(rule.pattern, path, 0) != 0) continue;
            ++rule.seen;
            if (rule.seen < rule.from || (rule.seen - rule.from) % rule.every != 0) continue;
            if (rule.hits == rule.times) continue;
            ++rule.hits;
            verdict = rule.verdict;
            if (verdict.jump == 0) note_hit(call, path);
            break;
        }
    }
    if (verdict.wait > 0) {
        const timespec wait{verdict.wait / 1000, verdict.wait % 1000 * 1000000};
        syscall(SYS_nanosleep, &wait, nullptr);
    }
    errno = kept;
    return verdict;
}

template <class Call>
auto carry_out(const Verdict& verdict, Call call) -> decltype(call()) {
    if (verdict.error == 0) return call();
    if (verdict.done && call() == decltype(call())(-1)) return -1;
    errno = verdict.error;
    return -1;
}

int open_at(int folder, const char* path, int flags, mode_t mode) {
    return carry_out(judge("open", {folder, path}), [&] {
        return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
    });
}

mode_t mode_of(int flags, va_list& more) {
    const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    return makes ? va_arg(more, mode_t) : 0;
}

ssize_t read_some(int fd, void* to, size_t size) {
    const Verdict verdict = judge("read", {fd}, size);
    return carry_out(verdict,
                     [&] { return syscall(SYS_read, fd, to, std::min(size, verdict.most)); });
}

ssize_t read_at(int fd, void* to, size_t size, off_t at) {
    const Verdict verdict = judge("read", {fd}, static_cast<uint64_t>(at) + size);
    return carry_out(
        verdict, [&] { return syscall(SYS_pread64, fd, to, std::min(size, verdict.most), at); });
}

ssize_t write_at(int fd, const void* from, size_t size, off_t at) {
    const Verdict verdict = judge("write", {fd}, static_cast<uint64_t>(at) + size);
    return carry_out(
        verdict, [&] { return syscall(SYS_pwrite64, fd, from, std::min(size, verdict.most), at); });
}

int rename_at(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
    return carry_out(judge("rename", {to_folder, to}), [&] {
        return static_cast<int>(syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
    });
}

int unlink_at(int folder, const char* name, int flags) {
    return carry_out(judge("unlink", {folder, name}),
                     [&] { return static_cast<int>(syscall(SYS_unlinkat, folder, name, flags)); });
}

int truncate_to(int fd, off_t size) {
    return carry_out(judge("ftruncate", {fd}),
                     [&] { return static_cast<int>(syscall(SYS_ftruncate, fd, size)); });
}

// The C library's own.
template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool refuses_memory(size_t size) {
    if (size < kLargeMemory || judge("malloc", {}, size).error == 0) return false;
    errno = ENOMEM;
    return true;
}

[[gnu::constructor]] void begin() {
    const char* path = getenv("ONEMARKET_FAULTS");
    unsetenv("LD_PRELOAD");
    if (path == nullptr) return;
    snprintf(hit_path, sizeof hit_path, "%s.hit", path);
    owner = static_cast<pid_t>(syscall(SYS_getpid));
    rules_path = path;
}

}  // namespace

extern "C" {

// --- Names ---

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_at(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_at(folder, path, flags, mode);
}
int __open_2(const char* path, int flags) {
    return open_at(AT_FDCWD, path, flags, 0);
}
int __openat_2(int folder, const char* path, int flags) {
    return open_at(folder, path, flags, 0);
}

int rename(const char* from, const char* to) noexcept {
    return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    return rename_at(from_folder, from, to_folder, to, 0);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
    return rename_at(from_folder, from, to_folder, to, flags);
}
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
    return carry_out(judge("linkat", {to_folder, to}), [&] {
        return static_cast<int>(syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
    });
}
int unlink(const char* path) noexcept {
    return unlink_at(AT_FDCWD, path, 0);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
    return unlink_at(folder, path, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
    return carry_out(judge("mkdir", {-1, path}),
                     [&] { return static_cast<int>(syscall(SYS_mkdirat, AT_FDCWD, path, mode)); });
}

DIR* opendir(const char* path) {
    const Verdict verdict = judge("opendir", {-1, path});
    errno = verdict.error;
    return verdict.error != 0 ? nullptr : next<DIR*(const char*)>("opendir")(path);
}
dirent* readdir(DIR* folder) {
    const Verdict verdict = judge("readdir", {dirfd(folder)});
    if (verdict.error == 0) return next<dirent*(DIR*)>("readdir")(folder);
    errno = verdict.error;
    return nullptr;
}

// --- Bytes ---

ssize_t read(int fd, void* to, size_t size) {
    return read_some(fd, to, size);
}
ssize_t __read_chk(int fd, void* to, size_t size, size_t) {
    return read_some(fd, to, size);
}
ssize_t pread(int fd, void* to, size_t size, off_t at) {
    return read_at(fd, to, size, at);
}
ssize_t pread64(int fd, void* to, size_t size, off_t at) {
    return read_at(fd, to, size, at);
}
ssize_t __pread_chk(int fd, void* to, size_t size, off_t at, size_t) {
    return read_at(fd, to, size, at);
}

ssize_t write(int fd, const void* from, size_t size) {
    const Verdict verdict = judge("write", {fd}, size);
    return carry_out(verdict,
                     [&] { return syscall(SYS_write, fd, from, std::min(size, verdict.most)); });
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
    return write_at(fd, from, size, at);
}
ssize_t pwrite64(int fd, const void* from, size_t size, off_t at) {
    return write_at(fd, from, size, at);
}

int ftruncate(int fd, off_t size) noexcept {
    return truncate_to(fd, size);
}
int ftruncate64(int fd, off_t size) noexcept {
    return truncate_to(fd, size);
}

int fsync(int fd) {
    return carry_out(judge("fsync", {fd}),
                     [&] { return static_cast<int>(syscall(SYS_fsync, fd)); });
}
int fdatasync(int fd) {
    return carry_out(judge("fsync", {fd}),
                     [&] { return static_cast<int>(syscall(SYS_fdatasync, fd)); });
}

// --- What a system has not without end ---

int pipe2(int fds[2], int flags) noexcept {
    return carry_out(judge("pipe", {}),
                     [&] { return static_cast<int>(syscall(SYS_pipe2, fds, flags)); });
}
int eventfd(unsigned value, int flags) noexcept {
    return carry_out(judge("eventfd", {}),
                     [&] { return static_cast<int>(syscall(SYS_eventfd2, value, flags)); });
}
int socket(int domain, int type, int protocol) noexcept {
    return carry_out(judge("socket", {}),
                     [&] { return static_cast<int>(syscall(SYS_socket, domain, type, protocol)); });
}
int accept(int fd, sockaddr* address, socklen_t* size) {
    return carry_out(judge("accept", {}),
                     [&] { return static_cast<int>(syscall(SYS_accept, fd, address, size)); });
}

pid_t fork() noexcept {
    return carry_out(judge("fork", {}), [] { return next<pid_t()>("fork")(); });
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* with) noexcept {
    const Verdict verdict = judge("thread", {});
    if (verdict.error != 0) return verdict.error;
    return next<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create")(
        thread, attributes, run, with);
}

void* malloc(size_t size) noexcept {
    return refuses_memory(size) ? nullptr : __libc_malloc(size);
}
void* calloc(size_t count, size_t size) noexcept {
    return refuses_memory(count * size) ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) noexcept {
    return refuses_memory(size) ? nullptr : __libc_realloc(old, size);
}

// --- The clock ---

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const int result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        time->tv_sec += judge("clock", {}).jump;
    return result;
}
int gettimeofday(timeval* time, void*) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t* to) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (to != nullptr) *to = now.tv_sec;
    return now.tv_sec;
}

}  // extern "C"

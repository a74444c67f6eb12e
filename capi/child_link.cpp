// SPDX-License-Identifier: MIT
// The machine in a process of its own. The caller's process may have threads and a runtime that survive no fork(), so
// the child is another program, spawned; it gets a socket, a pipe whose end tells it that we are gone, and a file of
// memory for its last words.
#include "link.h"

#include "serve.h"
#include "server.h"
#include "stream.h"

#include <ringside.h>

#include "base/check.h"
#include "sim/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace ringside::capi {

namespace {

// A program that is no Ringside may never say anything.
constexpr double kFirstWordSeconds = 30;
// How long a process that closed its socket, or was asked to go, has until it is killed.
constexpr int kLeaveMilliseconds = 2000;
constexpr size_t kLastWordsBytes = 1024;
// Descriptors of ours stay clear of the numbers that the child's shall have, and of those that a caller who closed its
// standard output still writes to.
constexpr int kLowestDescriptor = 16;
// How a failed CHECK begins what it prints (base/check.h).
constexpr std::string_view kBrokenPromise = "Ringside broke its own promise";

class Descriptor {
public:
    explicit Descriptor(int number = -1)
        : m_number(number)
    {
    }
    Descriptor(Descriptor&& other) noexcept
        : m_number(std::exchange(other.m_number, -1))
    {
    }
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(m_number, other.m_number);
        return *this;
    }
    ~Descriptor()
    {
        if (m_number >= 0)
            close(m_number);
    }
    int number() const { return m_number; }
    int release() { return std::exchange(m_number, -1); }

private:
    int m_number;
};

[[noreturn]] void no_process(char const* what, int error)
{
    throw Refused(RINGSIDE_NO_PROGRAM, fmt::format("no process for the machine: {}: {}", what, std::strerror(error)));
}

Descriptor moved_up(Descriptor low)
{
    int high = fcntl(low.number(), F_DUPFD_CLOEXEC, kLowestDescriptor);
    if (high < 0)
        no_process("descriptors", errno);
    return Descriptor(high);
}

struct Ends {
    Descriptor ours;
    Descriptor childs;
};

Ends make_socket()
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        no_process("a socket", errno);
    Descriptor ours(ends[0]);
    Descriptor childs(ends[1]);
    return { moved_up(std::move(ours)), moved_up(std::move(childs)) };
}

Ends make_lifeline()
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        no_process("a pipe", errno);
    Descriptor childs(ends[0]);
    Descriptor ours(ends[1]);
    return { moved_up(std::move(ours)), moved_up(std::move(childs)) };
}

Descriptor make_last_words()
{
    Descriptor low(memfd_create("ringside-last-words", MFD_CLOEXEC));
    if (low.number() < 0)
        no_process("memory", errno);
    fcntl(low.number(), F_SETFL, O_APPEND);
    return moved_up(std::move(low));
}

// The child gets no signal handler, mask or ignored signal of ours, and is not in the group that a terminal's Ctrl-C
// goes to: whether it ends then is its owner's decision.
pid_t spawn(std::string const& program, int socket, int lifeline, int words, bool live_output)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, words, STDOUT_FILENO);
    if (!live_output)
        posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket, kCallsDescriptor);
    posix_spawn_file_actions_adddup2(&actions, lifeline, kLifelineDescriptor);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::string verb = "serve";
    std::string path = program;
    char* arguments[] = { path.data(), verb.data(), nullptr };
    pid_t child = 0;
    int error = posix_spawn(&child, path.c_str(), &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        no_process(program.c_str(), error);
    return child;
}

void limit_time(int socket, double seconds)
{
    timeval limit {};
    limit.tv_sec = static_cast<time_t>(seconds);
    limit.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(limit.tv_sec)) * 1e6);
    // All zero would be no limit.
    if (seconds > 0 && limit.tv_sec == 0 && limit.tv_usec == 0)
        limit.tv_usec = 1;
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

class ChildLink : public Link {
public:
    explicit ChildLink(ChildOptions options)
        : m_options(std::move(options))
    {
        std::string const program = find_program(m_options.program);
        start(program);
        greet(program);
    }

    ~ChildLink() override
    {
        m_stream.reset();
        if (!m_ended)
            (void)wait_for_end();
    }

    Answer exchange(CallCode call, Message& message) override
    {
        if (!m_death.words.empty())
            return m_death;
        Heard heard = m_stream->send(message.whole());
        if (heard == Heard::Message)
            heard = m_stream->receive(kReplyMark);
        std::optional<Answer> answer;
        if (heard == Heard::Message)
            answer = read_answer(m_stream->what(), m_stream->told(), m_stream->payload());
        if (answer)
            return *std::move(answer);
        return died(heard == Heard::Message ? Heard::Nonsense : heard, call);
    }

    bool kill() override
    {
        // A descriptor of a process, unlike its number, is never another's.
        syscall(SYS_pidfd_send_signal, m_process.number(), SIGKILL, nullptr, 0);
        return true;
    }

    bool one_thread() const override { return false; }

private:
    // The child's ends are closed here when this returns: only then does its end show as one.
    void start(std::string const& program)
    {
        Ends socket = make_socket();
        Ends lifeline = make_lifeline();
        m_last_words = make_last_words();
        pid_t const child = spawn(program, socket.childs.number(), lifeline.childs.number(), m_last_words.number(),
                                  m_options.live_output);
        m_process = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
        if (m_process.number() < 0) {
            int const error = errno;
            ::kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
            no_process("pidfd_open", error);
        }
        m_lifeline = std::move(lifeline.ours);
        m_socket = socket.ours.number();
        m_stream.emplace(socket.ours.release());
    }

    // What is at the other end?
    void greet(std::string const& program)
    {
        double const given = m_options.timeout_seconds;
        limit_time(m_socket, given > 0 ? std::min(given, kFirstWordSeconds) : kFirstWordSeconds);
        Message hello;
        hello.begin(kCallMark, static_cast<uint32_t>(CallCode::Hello));
        hello.number(kProtocolVersion);
        Answer const answer = exchange(CallCode::Hello, hello);
        if (answer.result != RINGSIDE_OK) {
            kill();
            if (!m_ended)
                (void)wait_for_end();
            throw Refused(RINGSIDE_NO_PROGRAM,
                          fmt::format("{} is no Ringside that fits this library: {}", program, answer.words));
        }
        limit_time(m_socket, given);
    }

    Answer died(Heard heard, CallCode call)
    {
        char const* const during = kCallWords[static_cast<uint32_t>(call)];
        if (heard == Heard::End) {
            siginfo_t const end = wait_for_end();
            m_death = { .result = RINGSIDE_DIED, .words = fmt::format("{}, in {}", how(end), during) };
        } else {
            kill();
            (void)wait_for_end();
            if (heard == Heard::TimedOut)
                m_death
                    = { .result = RINGSIDE_TIMED_OUT,
                        .words = fmt::format("{} did not end within {} s of the host's time, and the machine's process "
                                             "was killed",
                                             during, m_options.timeout_seconds) };
            else
                m_death = { .result = RINGSIDE_PROTOCOL,
                            .words = fmt::format("the answer to {} makes no sense, and the machine's process was "
                                                 "killed",
                                                 during) };
        }
        m_death.dead = true;
        Answer const now = m_death;
        // What is asked from now on has the same reason, but the process is dead, whatever it was.
        m_death.result = RINGSIDE_DIED;
        return now;
    }

    siginfo_t wait_for_end()
    {
        pollfd end { m_process.number(), POLLIN, 0 };
        int ready;
        do
            ready = poll(&end, 1, kLeaveMilliseconds);
        while (ready < 0 && errno == EINTR);
        if (ready <= 0)
            kill();
        siginfo_t information {};
        while (waitid(P_PIDFD, static_cast<id_t>(m_process.number()), &information, WEXITED) != 0 && errno == EINTR) { }
        m_ended = true;
        return information;
    }

    std::string how(siginfo_t const& end) const
    {
        std::string const words = last_words();
        // Somebody in this process waits for all its children, and got the answer in our place.
        if (end.si_pid == 0)
            return fmt::format("the machine's process ended, and somebody else was told how{}", words);
        if (end.si_code != CLD_EXITED)
            return fmt::format("the machine's process died of {}{}{}", sim::signal_name(end.si_status),
                               end.si_status == SIGKILL ? " (it was killed, or the host has no memory left)" : "",
                               words);
        if (size_t promise = words.find(kBrokenPromise); promise != std::string::npos)
            return words.substr(promise);
        return fmt::format("the machine's process ended with exit code {}{}", end.si_status, words);
    }

    // ": ..." or nothing.
    std::string last_words() const
    {
        off_t const size = lseek(m_last_words.number(), 0, SEEK_END);
        off_t const from = std::max<off_t>(0, size - static_cast<off_t>(kLastWordsBytes));
        char bytes[kLastWordsBytes];
        ssize_t got = pread(m_last_words.number(), bytes, sizeof bytes, from);
        if (got <= 0)
            return "";
        std::string words(bytes, static_cast<size_t>(got));
        // A line that was cut is none.
        if (from > 0)
            words.erase(0, words.find('\n') + 1);
        while (!words.empty() && words.back() == '\n')
            words.pop_back();
        for (char& letter : words)
            if (static_cast<unsigned char>(letter) < ' ')
                letter = letter == '\n' ? ';' : '?';
        return words.empty() ? "" : ": " + words;
    }

    ChildOptions m_options;
    Descriptor m_process;
    Descriptor m_lifeline;
    Descriptor m_last_words;
    int m_socket = -1; // m_stream's
    std::optional<Stream> m_stream;
    bool m_ended = false; // and was waited for
    Answer m_death; // what every exchange answers from then on, once there are words
};

} // namespace

std::unique_ptr<Link> start_child(ChildOptions options) { return std::make_unique<ChildLink>(std::move(options)); }

} // namespace ringside::capi

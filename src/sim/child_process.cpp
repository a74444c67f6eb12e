// SPDX-License-Identifier: MIT
#include "sim/child_process.h"

#include "base/check.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace ringside::sim {

namespace {

constexpr std::string_view kMark { "\0Rsr", 4 };
constexpr size_t kHeaderBytes = kMark.size() + sizeof(uint32_t);

using Clock = std::chrono::steady_clock;

void write_all(int descriptor, char const* bytes, size_t size)
{
    while (size != 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        // The parent is gone, and nobody else listens.
        if (written <= 0)
            std::_Exit(kExitOurBug);
        bytes += written;
        size -= static_cast<size_t>(written);
    }
}

[[noreturn]] void be_child(std::function<int(RecordPipe const&)> const& body, int pipe_end, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        std::_Exit(kExitOurBug);
    dup2(pipe_end, STDOUT_FILENO);
    dup2(pipe_end, STDERR_FILENO);
    int code = body(RecordPipe(pipe_end));
    // Not exit(): the parent's buffers and its registered functions are not the child's to run.
    std::fflush(nullptr);
    std::_Exit(code);
}

ChildEnd decode(int status)
{
    if (WIFSIGNALED(status))
        return { ChildEnd::How::Signalled, WTERMSIG(status) };
    return { ChildEnd::How::Exited, WEXITSTATUS(status) };
}

int milliseconds_left(bool limited, Clock::time_point deadline)
{
    if (!limited)
        return -1;
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return left < 0 ? 0 : static_cast<int>(left < 1'000'000 ? left + 1 : 1'000'000);
}

// Reads until the pipe's end; false when the deadline came first.
bool listen(int descriptor, RecordReader& reader, bool limited, Clock::time_point deadline)
{
    char buffer[1 << 16];
    for (;;) {
        pollfd waiting { descriptor, POLLIN, 0 };
        int ready = poll(&waiting, 1, milliseconds_left(limited, deadline));
        if (ready < 0 && errno == EINTR)
            continue;
        if (limited && Clock::now() >= deadline)
            return false;
        if (ready <= 0)
            continue;
        ssize_t got = read(descriptor, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return true;
        reader.feed({ buffer, static_cast<size_t>(got) });
    }
}

} // namespace

void RecordPipe::send(std::string_view record) const
{
    uint32_t length = static_cast<uint32_t>(record.size());
    CHECK(length == record.size(), "a record of four gigabytes");
    std::string framed(kMark);
    framed.append(reinterpret_cast<char const*>(&length), sizeof length);
    framed += record;
    std::fflush(nullptr);
    write_all(m_descriptor, framed.data(), framed.size());
}

size_t RecordReader::wanted() const
{
    size_t compared = m_partial.size() < kMark.size() ? m_partial.size() : kMark.size();
    if (m_partial.compare(0, compared, kMark, 0, compared) != 0)
        return 0;
    if (m_partial.size() < kMark.size())
        return m_partial.size() + 1;
    if (m_partial.size() < kHeaderBytes)
        return kHeaderBytes;
    uint32_t length;
    std::memcpy(&length, m_partial.data() + kMark.size(), sizeof length);
    return kHeaderBytes + length;
}

void RecordReader::feed(std::string_view bytes)
{
    while (!bytes.empty()) {
        if (m_partial.empty()) {
            size_t text = bytes.find(kMark[0]);
            if (text != 0)
                on_text(bytes.substr(0, text));
            if (text == std::string_view::npos)
                return;
            m_partial += kMark[0];
            bytes.remove_prefix(text + 1);
            continue;
        }
        size_t take = wanted() - m_partial.size();
        if (take > bytes.size())
            take = bytes.size();
        m_partial.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        if (wanted() == 0) {
            // The last byte does not fit, and may begin a record itself.
            char last = m_partial.back();
            m_partial.pop_back();
            on_text(std::exchange(m_partial, {}));
            if (last == kMark[0])
                m_partial += last;
            else
                on_text({ &last, 1 });
        } else if (m_partial.size() >= kHeaderBytes && m_partial.size() == wanted())
            on_record(std::exchange(m_partial, {}).substr(kHeaderBytes));
    }
}

void RecordReader::finish() { m_partial.clear(); }

ChildEnd run_in_child(std::function<int(RecordPipe const&)> const& body, RecordReader& reader, double timeout_seconds)
{
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0, "no pipe for the machine's process");
    std::fflush(nullptr);
    pid_t parent = getpid();
    pid_t child = fork();
    CHECK(child >= 0, "no process for the machine");
    if (child == 0) {
        close(ends[0]);
        be_child(body, ends[1], parent);
    }
    close(ends[1]);

    bool limited = timeout_seconds > 0;
    auto deadline = Clock::now()
        + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(limited ? timeout_seconds : 0));
    bool ended = listen(ends[0], reader, limited, deadline);
    close(ends[0]);
    reader.finish();

    // The pipe's end comes a moment before the process's: or long before it, if the driver closed our descriptors.
    int status = 0;
    while (ended) {
        pid_t got = waitpid(child, &status, limited ? WNOHANG : 0);
        if (got == child)
            return decode(status);
        if (got == 0 && Clock::now() >= deadline)
            break;
        if (got == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return { ChildEnd::How::TimedOut, 0 };
}

std::string signal_name(int signal)
{
    char const* name = sigabbrev_np(signal);
    return name ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

} // namespace ringside::sim

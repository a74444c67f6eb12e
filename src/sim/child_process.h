// SPDX-License-Identifier: MIT
// Runs a body in a child process and listens to it. A machine's driver can do anything to the process it runs in; so
// the process that must tell the story is another one.
//
//     parent: run_in_child ----fork----> child: body(pipe)
//                 ^                          |
//                 +---- one pipe: records, and between them whatever the child prints
//
// Records and printed text share one pipe, so the listener hears them in the order in which they happened. A record is
// a mark of four bytes that text does not hold, its length in four bytes, and its bytes; everything else is text (the
// machine's live output, a failed CHECK's words, a sanitizer's report). What the child sent before it died is heard,
// however it died.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ringside::sim {

// The child's end. A record is sent whole, in order, at once.
class RecordPipe {
public:
    explicit RecordPipe(int descriptor)
        : m_descriptor(descriptor)
    {
    }
    void send(std::string_view record) const;

private:
    int m_descriptor;
};

// Takes the pipe's bytes apart, in pieces of any size.
class RecordReader {
public:
    std::function<void(std::string_view)> on_record;
    std::function<void(std::string_view)> on_text;

    void feed(std::string_view bytes);
    // The pipe has ended: half a record is dropped.
    void finish();

private:
    // How many bytes m_partial must hold before it can be judged; 0: it does not begin like a record.
    size_t wanted() const;

    std::string m_partial; // begins like a record; empty between records
};

struct ChildEnd {
    enum class How : uint8_t {
        Exited,   // code: the exit code
        Signalled, // code: the signal
        TimedOut, // killed by us
    } how = How::Exited;
    int code = 0;
};

// Calls body(pipe) in a child; its result is the child's exit code. Standard output and standard error of the child are
// the pipe's text. Returns when the child has ended; after timeout_seconds of the host's time (0: never) it is killed.
// The child dies with its parent. Both functions of the reader must be set.
ChildEnd run_in_child(std::function<int(RecordPipe const&)> const& body, RecordReader& reader, double timeout_seconds);

// "SIGSEGV", or "signal 77".
std::string signal_name(int signal);

} // namespace ringside::sim

// SPDX-License-Identifier: MIT
// The machines that a caller has, and the handles it knows them and their objects by.
//
//   handle   | kind: 8 bits | machine: 24 bits | number within the machine: 32 bits |
//
// So a handle says what it is and whose; nothing that a caller passes is ever followed as a pointer. Numbers are given
// out in order and never again.
#pragma once

#include "callbacks.h"
#include "link.h"

#include <ringside.h>
#include <ringside/ringside.h>

#include <memory>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace ringside::capi {

enum class Kind : uint8_t { Machine = 1, Client, Driver, File, Request, Thread, Event, Port };
// "a machine"; "none of Ringside's".
char const* kind_name(Kind kind);

uint64_t make_handle(Kind kind, uint32_t machine, uint32_t number);
inline uint32_t machine_of(uint64_t handle) { return (handle >> 32) & 0xFFFFFF; }
inline uint32_t number_of(uint64_t handle) { return static_cast<uint32_t>(handle); }
inline bool is_kind(uint64_t handle, Kind kind) { return handle >> 56 == static_cast<uint8_t>(kind); }

// One machine of the caller's. Its members but `number`, `process` and `thread` belong to who holds `lock`.
struct Hosted {
    uint32_t number = 0;
    pid_t process = 0;       // that booted it: a fork()'s child does not have it
    std::thread::id thread;  // the same
    bool one_thread = false; // it takes calls from no other
    std::mutex lock;         // held for a whole call
    std::shared_ptr<Link> link; // null: closed
    Message message;         // reused by every call
    std::string repeat;      // the command line that boots such a machine
    std::vector<std::string> drivers; // files that were loaded, for the same
    std::string report_texts[4];
    std::string report_json; // "": not finished yet
    Callbacks callbacks;     // of requests that were started and not told

    // By ringside_kill(), without `lock`.
    std::mutex link_lock;    // for changing `link`, and for reading it without `lock`
    std::mutex error_lock;
    std::string error;
};

// All are safe on any thread.
std::shared_ptr<Hosted> add_hosted(std::shared_ptr<Link> link);
// Null: no such machine, or another process'.
std::shared_ptr<Hosted> find_hosted(uint32_t machine);
void remove_hosted(uint32_t machine);

// Keeps the sentence for ringside_last_error(): of this thread, and of the machine if there is one.
void keep_error(uint64_t handle, std::string const& words);
// ringside_last_error()'s text.
char const* last_error(uint64_t machine);

// One call on a machine: holds its lock, and turns every failure into Refused.
class Exchange {
public:
    // The handle must be of this kind.
    Exchange(uint64_t handle, Kind kind);
    Hosted& hosted() { return *m_hosted; }
    uint32_t number() const { return m_number; }

    // The message to write the arguments to.
    Message& begin(CallCode call);
    // Sends it; the reader stands until the Exchange goes.
    Reader& send();
    // After all results were read.
    void expect_whole();
    // Bytes of the reply make no sense: the machine's process is not to be believed any more.
    [[noreturn]] void nonsense();

private:
    void take_told(Answer const& answer);

    std::shared_ptr<Hosted> m_hosted;
    std::unique_lock<std::mutex> m_held;
    uint32_t m_number;
    CallCode m_call = CallCode::Hello;
    Reader m_reply { {} };
};

} // namespace ringside::capi

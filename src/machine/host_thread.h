// SPDX-License-Identifier: MIT
// A thread of the machine on whose behalf the host acts: a client's, or the System process' for loading drivers. The
// host hands it a function; the machine runs until the function has returned, or can go no further.
//
//   Parked --execute--> Working --done--> (the host has the turn) --no work--> Parked
//                        |   ^
//                        |   +-- wait_or_give_up gives up, and the function returns
//                        +-- nothing left to run, or time is up --> still Working: Unfinished
#pragma once

#include "ke/kernel.h"

#include <functional>

namespace ringside::ps {
struct ThreadRecord;
}

namespace ringside::machine {

// Unfinished: begun, and still on its way. Busy: not begun, an earlier function is still on its way.
// Ended: a bug check or a missing service, or the thread's process was terminated.
enum class Outcome : uint8_t { Done, Unfinished, Busy, Ended };

class HostThread {
public:
    // In the System process (null), or in a client: then on a thread of the machine, for drivers are told, and may
    // refuse. The thread exists until the machine goes, or its process ends.
    explicit HostThread(ke::Process* client);
    HostThread(HostThread const&) = delete;
    HostThread& operator=(HostThread const&) = delete;

    // Runs `work` on the thread. Not from inside the machine. An earlier function that did not finish goes first.
    // What `work` refers to must live until it has returned, which may be later than this call: it owns what it needs.
    Outcome execute(std::function<void()> work);
    // The same for a plain function, without the cost of owning: `argument` lives as long.
    Outcome execute(void (*work)(void* argument), void* argument);
    // The same for work that may block: comes back as soon as nothing can run without time passing.
    Outcome begin(std::function<void()> work);
    // Goes on with what is on its way, as long as execute() would.
    Outcome go_on();
    bool busy() const { return m_busy; }
    // Its process was terminated: every further execute() is refused.
    bool ended() const { return m_ended; }
    // Why it was never made; STATUS_SUCCESS.
    nt::NTSTATUS status() const { return m_status; }
    // For `work`, on the thread: waits for an event, but not for ever. False when the machine had nothing left to do, or
    // the host's patience ended, before the event came.
    bool wait_or_give_up(nt::KEVENT& event);
    ke::Thread& thread() { return *m_thread; }
    // The machine goes: what a thread that ended inside its work was given is let go of, for it may own what owns this.
    void drop_work() { m_owned = nullptr; }

    // How much virtual time execute() lets pass before it gives up.
    static constexpr uint64_t kPatience_100ns = 600ull * 10'000'000;

private:
    Outcome own(std::function<void()>&& work, uint64_t limit);
    Outcome run(void (*work)(void*), void* argument, std::function<void()>* owned, uint64_t limit);
    void set(nt::KEVENT& event);
    bool drive(uint64_t until_100ns);
    // A client's thread waits as in user mode, where it can be ended.
    nt::KPROCESSOR_MODE mode() const
    {
        return m_user ? nt::KPROCESSOR_MODE { nt::UserMode } : nt::KPROCESSOR_MODE { nt::KernelMode };
    }
    static void ended(void* host_thread);
    static void main(ke::Thread& self, void* host_thread);

    ke::Thread* m_thread = nullptr;
    ps::ThreadRecord* m_record = nullptr;
    nt::KEVENT* m_park = nullptr;
    nt::KEVENT* m_give_up = nullptr;
    bool m_can_give_up = false; // the work waits in wait_or_give_up
    void (*m_work)(void*) = nullptr;
    void* m_argument = nullptr;
    std::function<void()> m_owned; // owned here: a bug check abandons the fiber, not this
    bool m_busy = false;
    bool m_parked = true; // waits for m_park; else it has the processor's turn when the machine stands still
    bool m_waited_for = false;
    bool m_user = false;
    bool m_ended = false;
    nt::NTSTATUS m_status = 0;
};

} // namespace ringside::machine

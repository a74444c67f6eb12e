// SPDX-License-Identifier: MIT
// Functions of the caller's that a request's end is told to (ringside_callback). A machine keeps those that were not
// called yet; the thread that hears of an end calls it, after its own call is done and holds no lock.
//
//   Callbacks::add        the request is about to be started: the token that the machine names it by
//   Callbacks::told       the machine says that it is done: due on this thread
//   Callbacks::no_more    the machine's process is dead: all are due on this thread
//   call_due              at the end of every function of the library
#pragma once

#include "link.h"

#include <ringside.h>

#include <cstdint>
#include <map>

namespace ringside::capi {

struct Callback {
    ringside_callback routine = nullptr;
    void* context = nullptr;
    uint64_t room = 0; // bytes of the output buffer: no more can come
};

class Callbacks {
public:
    uint64_t add(Callback const& callback);
    // It was not started, or failed at once: the caller knows that from his call, and is told nothing else.
    void remove(uint32_t machine, uint64_t token);
    // False: nobody waits for that, or for so many bytes.
    bool told(uint32_t machine, Told const& told);
    void no_more(uint32_t machine, int result);

private:
    std::map<uint64_t, Callback> m_waiting; // by token: in the order of their starts
    uint64_t m_last = 0;
};

// Calls what is due on this thread; of machines that were closed nothing is.
void call_due() noexcept;

} // namespace ringside::capi

// SPDX-License-Identifier: MIT
// The way from the library to a machine: to another process, or to the caller's own.
#pragma once

#include "wire.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace ringside::capi {

// How an exchange went. If result is not RINGSIDE_OK, words say why; payload is the reply's otherwise, and stands until
// the next exchange.
struct Answer {
    int result = 0;
    std::string words {};
    std::span<std::byte const> payload {};
};

class Link {
public:
    virtual ~Link() = default;
    // One call and its reply, or why there is none. Not from two threads at once.
    virtual Answer exchange(CallCode call, Message& message) = 0;
    // From any thread, during an exchange, too. False: there is no process to end.
    virtual bool kill() = 0;
    // Whether calls must come from the thread that made the link.
    virtual bool one_thread() const = 0;
};

struct ChildOptions {
    std::string program; // "": looked for
    double timeout_seconds = 300; // of an exchange; 0: none
    bool live_output = false;
};

// Both throw Refused (server.h).
std::unique_ptr<Link> start_child(ChildOptions options);
// Another one must not be there.
std::unique_ptr<Link> enter_process();

// Where the program of the machine's process is: `given`, or $RINGSIDE_PROGRAM, or a place beside the library. Throws
// Refused(RINGSIDE_NO_PROGRAM) with the places that were looked at.
std::string find_program(std::string const& given);

} // namespace ringside::capi

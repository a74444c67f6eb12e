// SPDX-License-Identifier: MIT
// The way from the library to a machine: to another process, or to the caller's own.
#pragma once

#include "wire.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ringside::capi {

// A request that has a callback and is done.
struct Told {
    uint64_t token = 0;
    int32_t status = 0;
    uint64_t information = 0;
    std::span<std::byte const> bytes {};
};

// How an exchange went. If result is not RINGSIDE_OK, words say why; payload is the reply's otherwise. What is told and
// the payload stand until the next exchange.
struct Answer {
    int result = 0;
    std::string words {};
    std::span<std::byte const> payload {};
    std::vector<Told> told {};
    bool dead = false; // the machine's process is, and nothing more will be told
};

// What a reply says. Nothing: it makes no sense.
std::optional<Answer> read_answer(uint32_t result, uint32_t told, std::span<std::byte const> payload);

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

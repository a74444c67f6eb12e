// SPDX-License-Identifier: MIT
// A machine of the rooms up to ex: Core with memory and pool, and with client processes that own user slices.
#pragma once

#include "core.h"
#include "ex/executive.h"
#include "mm/memory.h"

#include <gtest/gtest.h>

namespace ringside::test {

struct MemoryMachine : Core {
    explicit MemoryMachine(CoreOptions const& options = {}, Windows windows = Windows::v11_24H2)
        : Core(options), rooms_memory(memory, windows), executive(memory, windows)
    {
        live = this;
        ex::g_create_system_thread = [](ke::Thread::Main main, void* context) {
            auto page = live->memory.allocate(1);
            return live->kernel.create_thread(hal::PhysicalMemory::address_of(*page), live->system, main, context);
        };
    }
    ~MemoryMachine() { live = nullptr; }

    // A thread of a client process.
    ke::Thread& client_thread(ke::Process& process, std::function<void()> body)
    {
        ke::Thread& made = thread(std::move(body));
        made.process = made.attached = &process;
        return made;
    }
    // Runs the body on a thread of the process (or of none) until the machine is quiet.
    ke::Stop run_client(ke::Process& process, std::function<void()> body)
    {
        client_thread(process, std::move(body));
        return run();
    }
    ke::Stop run_system(std::function<void()> body)
    {
        thread(std::move(body));
        return run();
    }
    // Runs a body that must end in a bug check; the code and the first parameter.
    ::testing::AssertionResult bug_checks(uint32_t code, uint64_t first, std::function<void()> body,
                                          ke::Process* process = nullptr)
    {
        ke::Thread& made = thread(std::move(body));
        if (process)
            made.process = made.attached = process;
        run();
        auto const* crash = kernel.crash();
        if (!crash)
            return ::testing::AssertionFailure() << "no bug check";
        if (crash->code != code || crash->parameters[0] != first)
            return ::testing::AssertionFailure() << std::hex << "bug check 0x" << crash->code << " (0x"
                                                 << crash->parameters[0] << ", ...): " << crash->words;
        return ::testing::AssertionSuccess();
    }

    mm::Memory rooms_memory;
    ex::Executive executive;
    ke::Process system;
    static inline MemoryMachine* live = nullptr;
};

// The status that a body raises; STATUS_SUCCESS if none.
inline nt::NTSTATUS raised(std::function<void()> body) { return ke::guard_raise(body); }

} // namespace ringside::test

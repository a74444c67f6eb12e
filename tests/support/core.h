// SPDX-License-Identifier: MIT
// A machine of the lowest rooms only (sim, hal, ke), for tests of the dispatcher: processors, threads, no driver.
#pragma once

#include "hal/address_space.h"
#include "ke/exception.h"
#include "ke/kernel.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ringside::test {

struct CoreOptions {
    uint64_t seed = 1;
    unsigned processors = 2;
    unsigned groups = 1;
    uint32_t mean_steps = 0;
    ke::Binding binding = ke::Binding::Observed;
};

class Core {
public:
    explicit Core(CoreOptions const& options = {})
        : world({ .seed = options.seed })
        , memory(64 * hal::kMiB)
        , space(memory)
        , stacks(memory)
        , kernel({ .processors = options.processors,
                   .groups = options.groups,
                   .binding = options.binding,
                   .mean_steps = options.mean_steps },
                 memory, stacks)
    {
        ke::g_slice_changed = nullptr;
        ke::install_fault_handling();
    }
    ~Core() { ke::remove_fault_handling(); }

    // A thread that runs `body`; it starts with the next run().
    ke::Thread& thread(std::function<void()> body, int8_t priority = 8)
    {
        m_bodies.push_back(std::make_unique<std::function<void()>>(std::move(body)));
        auto page = memory.allocate(1);
        ke::Thread* made = kernel.create_thread(
            hal::PhysicalMemory::address_of(*page), m_process,
            [](ke::Thread&, void* context) { (*static_cast<std::function<void()>*>(context))(); },
            m_bodies.back().get());
        made->priority = made->base_priority = priority;
        m_threads.push_back(made);
        kernel.start(*made);
        return *made;
    }
    ke::Stop run(uint64_t until_100ns = ~uint64_t { 0 })
    {
        ke::Stop stop = kernel.run(until_100ns);
        std::erase_if(m_threads, [&](ke::Thread* thread) {
            bool const ended = thread->state == ke::ThreadState::Terminated;
            if (ended)
                kernel.forget(*thread);
            return ended;
        });
        return stop;
    }

    // Kernel memory for objects that a driver would keep.
    template <typename T>
    T& object()
    {
        m_used = (m_used + 63) & ~size_t { 63 };
        if (!m_page || m_used + sizeof(T) > hal::kPageSize) {
            m_page = static_cast<uint8_t*>(hal::PhysicalMemory::address_of(*memory.allocate(1)));
            m_used = 0;
        }
        auto* at = new (m_page + m_used) T {};
        m_used += sizeof(T);
        return *at;
    }

    sim::World world;
    hal::PhysicalMemory memory;
    hal::AddressSpace space;
    hal::KernelStacks stacks;
    ke::Kernel kernel;

private:
    ke::Process m_process;
    std::vector<std::unique_ptr<std::function<void()>>> m_bodies;
    std::vector<ke::Thread*> m_threads;
    uint8_t* m_page = nullptr;
    size_t m_used = 0;
};

} // namespace ringside::test

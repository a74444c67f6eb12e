// SPDX-License-Identifier: MIT
// The room's state: pool, and the records of whatever a driver gives birth to here (lookaside lists, resources, timers,
// work items). The machine makes one Executive after mm::Memory; the free functions of the other headers work on it.
#pragma once

#include "base/windows.h"
#include "ex/firmware.h"
#include "ex/heap.h"
#include "ex/lookaside.h"
#include "ex/pool_state.h"
#include "ex/process_mode.h"
#include "ex/push_lock.h"
#include "ex/resource.h"
#include "ex/run_once.h"
#include "ex/timer.h"
#include "ex/trace.h"
#include "ex/work_queue.h"

namespace ringside::ex {

// The entry point a driver may call for one of the machine's exports: for function pointers that this room hands out.
// Set by the machine; null addresses are our bug.
extern void* (*g_stub)(char const* export_name);

// Makes a system thread that will run main(self, context); not started. Set by room ps, whose threads are objects.
// Null when no stack or pool is left.
extern ke::Thread* (*g_create_system_thread)(ke::Thread::Main main, void* context);

// What drivers left behind.
struct Residue {
    size_t pool_blocks = 0;
    size_t pool_bytes = 0;
    size_t lookaside_lists = 0; // initialized and not deleted
    size_t resources = 0;
    size_t work_items = 0;      // queued or being run
    size_t timers = 0;          // of ExAllocateTimer
    size_t trace_providers = 0; // registered with EtwRegister
    size_t heaps = 0;

    bool operator==(Residue const&) const = default;
};

class Executive {
public:
    Executive(hal::PhysicalMemory& physical, Windows windows_version);
    ~Executive();
    Executive(Executive const&) = delete;
    Executive& operator=(Executive const&) = delete;

    Residue residue() const;

    Windows const windows;
    Pool pool;
    LookasideLists lookasides;
    Resources resources;
    PushLockWaiters push_locks;
    WorkQueue work;
    Timers timers;
    RunOnceWaiters run_once;
    Heaps heaps;
    Tracing tracing;
    Firmware firmware;
    PlaceholderModes placeholders;
    // ExSetTimerResolution requests in force, finest first is what counts.
    nt::ULONG timer_resolution;
    uint32_t timer_resolution_requests = 0;
};

extern Executive* g_executive;
inline Executive& executive() { return *g_executive; }

} // namespace ringside::ex

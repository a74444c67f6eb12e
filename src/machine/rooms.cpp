// SPDX-License-Identifier: MIT
#include "machine/rooms.h"

#include "cm/notify.h"
#include "io/cancel.h"
#include "ke/broadcast.h"
#include "ke/bugcheck_callbacks.h"
#include "ke/change_callbacks.h"
#include "ke/data_exports.h"
#include "ke/debug.h"
#include "ke/debugger.h"
#include "ke/exception.h"
#include "ke/gate.h"
#include "machine/hive_files.h"
#include "ke/queued_spin_lock.h"
#include "machine/rows.h"
#include "mm/address_space.h"
#include "mm/driver_paging.h"
#include "rtl/allocator.h"
#include "rtl/c_library.h"
#include "rtl/callout.h"
#include "rtl/multi_byte.h"
#include "rtl/version.h"

namespace ringside::machine {

namespace {

constexpr uint32_t kStringTag = 0x676E7453; // 'Stng'

// Calls that rtl makes into drivers (compare, allocate, match): four slots fit all of them.
uint64_t callout(void const* function, std::array<uint64_t, rtl::kCalloutSlots> const& a)
{
    using Function = uint64_t(NTAPI*)(uint64_t, uint64_t, uint64_t, uint64_t);
    return ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr },
                            reinterpret_cast<Function>(const_cast<void*>(function)), a[0], a[1], a[2], a[3]);
}

// IMAGE_DLLCHARACTERISTICS_FORCE_INTEGRITY: what Windows asks of the image around some kinds of routine. Host code has no
// such bit and is ours; a kernel address outside of every image is nobody's.
bool has_forced_integrity(void const* function)
{
    constexpr uint16_t kForceIntegrity = 0x80;
    auto const address = reinterpret_cast<uintptr_t>(function);
    if (ldr::Module const* module = ldr::g_loader->find_at(address))
        return module->file().headers().dll_characteristics & kForceIntegrity;
    return address < hal::kKernelLow || address >= hal::kKernelHigh;
}

void* system_routine(std::u16string_view name) { return ldr::g_exports->system_routine(rtl::utf8(name)); }
void* stub(char const* name) { return ldr::g_exports->stub_for(name); }

} // namespace

Wiring::Wiring(RoomOptions const& options)
{
    rtl::g_windows = options.kernel.windows;
    rtl::reset_rand();
    rtl::g_callout = callout;
    rtl::g_allocator
        = { [](size_t bytes) -> void* {
               return ke::fails_inside() ? nullptr
                                         : ex::allocate(nt::PagedPool, bytes, kStringTag, ex::Owner::Driver, false);
           },
            [](void* block) { ex::free(block, 0); } };
    ke::reset_debug_filters();
    ke::reset_bug_check_callbacks();
    ke::reset_change_callbacks();
    ke::reset_nmi_callbacks();
    ke::reset_queued_spin_locks();
    ke::write_data_exports(options.kernel.windows);
    ke::attach_debugger(options.kernel.debugger);
    ke::g_slice_changed = mm::use_slice;
    mm::g_system_routine = system_routine;
    ex::g_stub = stub;
}

Wiring::~Wiring()
{
    ke::g_slice_changed = nullptr;
    mm::g_system_routine = nullptr;
    ex::g_stub = nullptr;
    rtl::g_callout = nullptr;
    rtl::g_allocator = {};
}

Rooms::Rooms(RoomOptions const& options)
    : world(options.world)
    , physical(options.memory_bytes)
    , space(physical)
    , stacks(physical)
    , kernel(options.kernel, physical, stacks)
    , wiring(options)
    , memory(physical, options.kernel.windows)
    , executive(physical, options.kernel.windows)
    , objects(options.kernel.windows)
    , processes(options.kernel.windows)
    , registry(options.kernel.windows, options.kernel.processors)
    , rows(all_rows())
    , exports(rows, options.kernel.binding, options.kernel.windows)
    , loader(exports, { .explore = options.explore })
    , io({ .invalid_device_request
           = reinterpret_cast<nt::PDRIVER_DISPATCH>(exports.stub_for("IopInvalidDeviceRequest")) })
{
    if (options.kernel.binding == ke::Binding::Verified)
        verifier.emplace(options.rules);
    mm::force_irql_checking(options.force_irql);
    processes.thread_ending = [](ke::Thread& thread) {
        io::end_thread_io(thread);
        cm::end_thread_notifies(thread.number);
    };
    connect_hive_files();
    processes.has_forced_integrity = objects.callbacks.is_trusted = has_forced_integrity;
    ke::install_fault_handling();
}

Rooms::~Rooms()
{
    mm::force_irql_checking(false);
    ke::remove_fault_handling();
    disconnect_hive_files();
}

} // namespace ringside::machine

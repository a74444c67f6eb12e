// SPDX-License-Identifier: MIT
// Doors: every call of the kernel into a driver. A door is a row (what kind, which IRQL the callback is entered at) and a
// call. It logs entry and return, gives the schedule a point on each side, and lets the verifier compare IRQL, APC state
// and locks on both sides. In bare mode it is the indirect call alone.
//
// A structured exception that no frame of the callback handles goes on to the frames of whoever called the kernel, as on
// Windows: IoCallDriver inside __try catches what the lower driver raises.
#pragma once

#include "ke/gate.h"
#include "ke/thread.h"
#include "sim/log.h"

namespace ringside::ke {

enum class Door : uint8_t {
    DriverEntry,
    Unload,
    AddDevice,
    Dispatch,
    Completion,
    Cancel,
    StartIo,
    Dpc,
    Isr,
    Synchronize,
    Apc,
    ThreadStart,
    WorkItem,
    QueueLock,
    BugCheckCallback,
    ExceptionFilter,
    TerminationHandler,
    WmiRegInfo,
    WmiQueryBlock,
    WmiSetBlock,
    WmiSetItem,
    WmiMethod,
    WmiControl,
    WmiEntry,        // a provider that registered a function (WMIREG_FLAG_CALLBACK)
    WmiNotification, // a listener to a block's events
    Other,
    Count,
};

struct DoorRow {
    char const* name;
    bool irql_must_return; // equal at exit to what it was at entry
    sim::Event enter = sim::Event::CallbackEnter;
    sim::Event leave = sim::Event::CallbackReturn;
};
extern DoorRow const kDoors[static_cast<size_t>(Door::Count)];

// What one passage says to the log and the verifier.
struct DoorPassage {
    Door door;
    void const* function; // the driver's entry point
    uint32_t subject = 0; // an IRP's, device's or thread's number
    uint64_t detail = 0;
    uint8_t irql = 0;     // at entry; filled by the door
    void* context = nullptr; // the object itself, for the verifier (an IRP)
    int32_t apc_disable = 0; // the thread's KernelApcDisable at entry; filled by the door
    uint8_t notes = 0;       // what the verifier saw the routine do
    StackUse outer {}; // of the kernel stack, as it was; filled by the door
    DoorPassage* outside = nullptr; // the one in progress when this one was entered; filled by the door
};

struct DoorListener {
    void (*entering)(DoorPassage& passage) = nullptr;
    void (*returned)(DoorPassage& passage, uint64_t result) = nullptr;
};
extern DoorListener g_door_listener;

// `stack_pointer`: with which the driver is called.
void door_enter(DoorPassage& passage, uintptr_t stack_pointer);
void door_return(DoorPassage& passage, uint64_t result);
// The driver's routine was left by an exception.
void door_unwound(DoorPassage& passage);

class DoorUnwound {
public:
    explicit DoorUnwound(DoorPassage& passage)
        : m_passage(&passage)
    {
    }
    ~DoorUnwound()
    {
        if (m_passage)
            door_unwound(*m_passage);
    }
    void returned() { m_passage = nullptr; }

private:
    DoorPassage* m_passage;
};

// The caller's own, which stays the same up to the calls that it makes.
[[gnu::always_inline]] inline uintptr_t stack_pointer()
{
    uintptr_t at;
    asm volatile("mov %%rsp, %0" : "=r"(at));
    return at;
}

// Calls a driver's function. F is an NTAPI function pointer.
template <typename R, typename... P, typename... A>
inline R through_door(DoorPassage& passage, R(NTAPI* function)(P...), A... arguments)
{
    if (g_binding == Binding::Bare)
        return function(arguments...);
    passage.function = reinterpret_cast<void const*>(function);
    door_enter(passage, stack_pointer());
    DoorUnwound unwound(passage);
    // The callee keeps more registers than C++ unwinding restores (rdi, rsi, xmm6 to xmm15), and the compiler relies on
    // it on the way out by an exception, too: what is needed there must stand in memory.
    asm volatile("" : : "r"(&passage), "r"(&unwound) : "memory");
    if constexpr (std::is_void_v<R>) {
        function(arguments...);
        unwound.returned();
        door_return(passage, 0);
    } else {
        R result = function(arguments...);
        unwound.returned();
        door_return(passage, contract::to_slot(result));
        return result;
    }
}
template <typename R, typename... P, typename... A>
inline R through_door(DoorPassage&& passage, R(NTAPI* function)(P...), A... arguments)
{
    return through_door(passage, function, arguments...);
}

} // namespace ringside::ke

// SPDX-License-Identifier: MIT
// A DDI is a contract row plus a body (docs/design.md D6). The row says what the documentation says: name, IRQL range,
// first Windows, whether and how it fails, page, compliance rules. The body holds behaviour only: no IRQL test, no
// trace and no fault draw. Rooms list their rows in `<room>/ddi.cpp`; the machine binds drivers' imports to them through
// one of three gates (ke/gate.h): bare, observed, verified.
//
// A body is an ordinary C++ function with NT's parameters. Drivers call with the Microsoft x64 convention, in which
// every parameter is one 8-byte slot: the gate spills the four register parameters to their home slots, so a whole
// argument list is one array of 64-bit words, and `invoke` converts it. No DDI takes floating-point parameters.
#pragma once

#include "base/windows.h"

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace ringside {

// The module a driver imports from. One export may stand in several (the hal's moved to ntoskrnl over time): the binder
// accepts a name from any module of the kernel's own (ntoskrnl.exe, hal.dll, ntkrnlpa.exe ... ) as Windows' API sets do.
// A driver library of Windows' (wmilib.sys) is a file of its own: its names are accepted from it alone.
enum class Dll : uint8_t { ntoskrnl, hal, wmilib };

constexpr char const* dll_name(Dll dll)
{
    return dll == Dll::wmilib ? "wmilib.sys" : dll == Dll::hal ? "hal.dll" : "ntoskrnl.exe";
}

// How the fault door (sim/fault.h) fails a call without running its body.
enum class Fail : uint8_t {
    Never,
    Null,    // returns NULL
    Status,  // returns Ddi::fail_status
    Raise,   // raises Ddi::fail_status
    False,   // returns FALSE
    Inside,  // its body returns Ddi::fail_status where it asks for memory (rtl/allocator.h) and gets none
};

enum class Coverage : uint8_t { Works, Partial, Declined };

// What a body may do besides returning: any of these needs the full gate even in bare mode.
enum class Needs : uint8_t {
    Nothing, // a leaf: in bare mode the import goes straight to the body
    Gate,    // may raise, block or call back into a driver
};

struct IrqlRange {
    uint8_t lowest = 0;  // PASSIVE_LEVEL
    uint8_t highest = 0; // inclusive
};

using Invoke = uint64_t (*)(uint64_t* arguments);

struct Body {
    Invoke invoke = nullptr;   // what gates call
    void* straight = nullptr;  // an ms_abi entry for bare mode's leaves; null for raw bodies
    uint8_t arguments = 0;     // 8-byte slots; 0 for variadic bodies too
    bool returns_status = false; // the log prints the value as NTSTATUS
    // Entries behind the light gate (ke/gate.h): ms_abi functions of the row's parameters, which do what that gate's
    // would, and log what the body logs. Null: none.
    void* light_bare = nullptr;
    void* light_observed = nullptr;
};

struct LogCapture;

struct Ddi {
    char const* name;
    Dll dll = Dll::ntoskrnl;
    IrqlRange irql {};
    Windows since = Windows::xp_x64;
    Windows until = Windows::never; // first release that no longer exports it
    Fail fail = Fail::Never;
    int32_t fail_status = 0;
    // Callers that say how they want to be told: the form of this call's failure. Null: `fail`.
    Fail (*fail_of)(uint64_t const* arguments) = nullptr;
    Needs needs = Needs::Gate;
    char const* page = nullptr;    // "wdm/nf-wdm-ioallocateirp"; null: not documented, see `because`
    char const* rules = "";        // compliance rules that its page names, comma-separated (data/irp_compliance.csv)
    char const* partial = nullptr; // what the body lacks, in words; null: works
    char const* because = nullptr; // why the row departs from data/ddi.csv
    // Why Ringside will not offer it: the row has no body, and an import is bound to a stop that says this.
    char const* declined = nullptr;
    Body body {};
    void* data = nullptr;          // a data export: the address drivers see; set at boot where it is per machine
    // Fills a log record's subject and detail from the arguments (before the body); null: only the name is logged.
    void (*capture)(uint64_t const* arguments, LogCapture& into) = nullptr;
    // The body and its doors log lines that say more than the call's own line would: the gate adds none.
    bool says_itself = false;

    Fail fail_form(uint64_t const* arguments) const { return fail_of ? fail_of(arguments) : fail; }
    constexpr Coverage coverage() const
    {
        return declined ? Coverage::Declined : partial ? Coverage::Partial : Coverage::Works;
    }
    constexpr bool exists_on(Windows profile) const { return profile >= since && profile < until; }
};

// What a row may add to a log line: a numbered object and one number. Never an address: stack addresses differ between
// presets, and the log's hash must not.
struct LogCapture {
    uint32_t subject = 0;
    uint64_t detail = 0;
};

namespace contract {

// NT parameters are integers, enums, pointers, or 8-byte structures passed by value (LARGE_INTEGER, PHYSICAL_ADDRESS).
template <typename T>
inline T from_slot(uint64_t slot)
{
    if constexpr (std::is_pointer_v<T>)
        return reinterpret_cast<T>(slot);
    else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>)
        return static_cast<T>(slot);
    else {
        static_assert(sizeof(T) == 8 && std::is_trivially_copyable_v<T>, "larger structures are passed by reference");
        return __builtin_bit_cast(T, slot);
    }
}

template <typename T>
inline uint64_t to_slot(T value)
{
    if constexpr (std::is_pointer_v<T>)
        return reinterpret_cast<uint64_t>(value);
    else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>)
        return static_cast<uint64_t>(value);
    else {
        static_assert(sizeof(T) == 8 && std::is_trivially_copyable_v<T>);
        return __builtin_bit_cast(uint64_t, value);
    }
}

template <auto Function>
struct Adapter;

template <typename R, typename... A, R (*Function)(A...)>
struct Adapter<Function> {
    template <size_t... I>
    static uint64_t call(uint64_t* arguments, std::index_sequence<I...>)
    {
        if constexpr (std::is_void_v<R>) {
            Function(from_slot<A>(arguments[I])...);
            return 0;
        } else
            return to_slot<R>(Function(from_slot<A>(arguments[I])...));
    }
    static uint64_t invoke(uint64_t* arguments) { return call(arguments, std::index_sequence_for<A...> {}); }
    __attribute__((ms_abi)) static R straight(A... arguments) { return Function(arguments...); }

    static constexpr uint8_t count = sizeof...(A);
    static constexpr bool status = std::is_same_v<R, int32_t>;
};

} // namespace contract

// The body of an ordinary DDI: `.body = body<&IoAllocateIrp>()`. Not constexpr only because of the cast to void*; the
// compiler still lays tables of rows out at build time.
template <auto Function>
inline Body body()
{
    using A = contract::Adapter<Function>;
    return Body { &A::invoke, reinterpret_cast<void*>(&A::straight), A::count, A::status };
}

// The same of a service on an IRP's path, with its entries behind the light gate.
template <auto Function, auto Bare, auto Observed>
inline Body light_body()
{
    Body made = body<Function>();
    made.light_bare = reinterpret_cast<void*>(Bare);
    made.light_observed = reinterpret_cast<void*>(Observed);
    return made;
}

// The body of a variadic DDI (DbgPrint): it reads its arguments from the slots itself.
inline Body raw_body(Invoke invoke) { return Body { invoke, nullptr, 0, false }; }

} // namespace ringside

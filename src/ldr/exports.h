// SPDX-License-Identifier: MIT
// What the machine's kernel exports: the contract rows of all rooms, in name order, and for each name that a driver
// binds a stub at a fixed address. Nothing else hands kernel entry points to drivers.
//
//     row (name, IRQL, body)  --bind-->  stub at hal::kStubs + 32 * n  --gate or straight-->  body
//
//   E1  an export's number is its place in name order among all rows, whatever the Windows profile: the log may keep it
//   E2  stubs are handed out in the order of first bind: their addresses are a function of what the run did
//   E3  a name that is not served is bound to a stop that names it, never to something that returns
#pragma once

#include "base/contract.h"
#include "hal/layout.h"
#include "ke/gate.h"

#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::ldr {

// What becomes of an import from the kernel's own modules.
enum class Served : uint8_t {
    Works,
    Partial,          // see the row's words
    NotOnThisWindows, // the profile's Windows does not export it (yet, or any more)
    InAnotherModule,  // the module that was named does not export it, another one does: the row's
    Declined,         // Ringside will not offer it: see the row's words
    Missing,          // Ringside does not have it
};

class ExportTable {
public:
    // The rows must outlive the table. Two rows of one name are our bug.
    ExportTable(std::span<std::span<Ddi const> const> rooms, ke::Binding binding, Windows windows);
    ~ExportTable();
    ExportTable(ExportTable const&) = delete;
    ExportTable& operator=(ExportTable const&) = delete;

    // ntoskrnl.exe, its older names, and hal.dll: a name is accepted from each of them; and wmilib.sys, for its own names.
    static bool is_kernel_module(std::string_view dll);
    // The kernel module exports the row's name: what is WmiLib's is wmilib.sys's, and the rest is all others'.
    static bool stands_in(Ddi const& row, std::string_view dll);

    Served served(std::string_view dll, std::string_view name) const;
    // The row of a name, also of one that the profile's Windows does not export; null for a name nobody serves.
    Ddi const* row(std::string_view name) const;
    Ddi const& row(uint32_t number) const { return *m_rows[number]; }
    size_t count() const { return m_rows.size(); }
    Windows windows() const { return m_windows; }

    // What the import slot of dll!name gets: a stub, a data export's address, or a stop that names the service.
    uintptr_t bind(std::string_view dll, std::string_view name);
    uintptr_t bind_ordinal(std::string_view dll, uint32_t ordinal);

    // MmGetSystemRoutineAddress: null for a name that this Windows does not export or Ringside does not serve, and for
    // what wmilib.sys exports: it looks in the kernel and the hal only.
    void* system_routine(std::string_view name);
    // The stub of a row, whatever the profile: for function pointers that the kernel itself gives to drivers.
    void* stub_for(std::string_view name);
    // What the row's stub passes to the gate; for tests that call as a driver does, without one.
    ke::Import& import(std::string_view name);

    // The stop bound to a data export that Ringside lacks, if the address is one: touching it is the driver's use.
    ke::Import const* missing_data_at(uintptr_t address) const;
    // Services that were bound to a stop, as "dll!name", in the order they were first bound.
    std::vector<std::string> missing() const;

    // Keeps the stubs' pages writable while it lives, so that binding a whole image changes their access once.
    class Writing {
    public:
        explicit Writing(ExportTable& table);
        ~Writing();
        Writing(Writing const&) = delete;
        Writing& operator=(Writing const&) = delete;

    private:
        ExportTable& m_table;
    };

private:
    struct Missing {
        std::string dll;
        std::string name;
        ke::Import import {};
        uintptr_t address = 0;
    };
    std::optional<uint32_t> number_of(std::string_view name) const;
    uintptr_t address_of(uint32_t number);
    uintptr_t missing_at(std::string_view dll, std::string name, bool data);
    uintptr_t make_stub(ke::Import const& import, void* straight);

    ke::Binding m_binding;
    Windows m_windows;
    std::vector<Ddi const*> m_rows;      // in name order
    std::vector<ke::Import> m_imports;   // by number
    std::vector<uintptr_t> m_addresses;  // by number; 0: not bound yet
    std::deque<Missing> m_missing;
    std::map<std::string, size_t, std::less<>> m_missing_by_name;
    size_t m_stubs = 0;
    size_t m_writing = 0;
    size_t m_missing_data = 0;
};

// The live machine's table; null while none is.
extern ExportTable* g_exports;

} // namespace ringside::ldr

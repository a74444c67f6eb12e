// SPDX-License-Identifier: MIT
// An I/O request packet's life.
//
//           IoAllocateIrp           IoCallDriver              IoCompleteRequest
//  (none) ----------------> Owned ---------------> InFlight ---------------------> Completing
//                             ^                       |  ^                             |
//                             |     IoMarkIrpPending  v  |  forwarded again            |
//                             |                     Pending                            |
//                             +--- STATUS_MORE_PROCESSING_REQUIRED --------------------+
//                                                             last location reached    v
//                                                                          Completed, then Freed
//
// The bytes (nt/irp.h) belong to whoever holds the IRP and are never trusted; what the I/O manager knows stands in an
// IrpRecord beside them. An IRP from IoAllocateIrp has a small header before it whose index leads to its record and is
// checked against the record's own pointer. An IRP in a driver's own memory (IoInitializeIrp) is foreign: its record is
// made when it is first seen, and none is made in bare mode. Bare mode keeps Owned and Freed only: nothing but the
// driver's bytes changes on the way down and up.
//
// Invariants
//   I1  exactly one party owns an IRP at a time
//   I2  1 <= CurrentLocation <= StackCount + 1 while a driver has it
//   I3  IoCompleteRequest once per trip; the second is bug check 0x44
//   I4  dispatch returned STATUS_PENDING  <=>  SL_PENDING_RETURNED in its location
//   I5  an IRP is on the list of the thread that issued it from its making to its last completion
#pragma once

#include "ke/gate.h"
#include "ke/thread.h"
#include "nt/nt.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace ringside::io {

enum class IrpState : uint8_t {
    Freed,
    Owned,      // by its maker, or by a driver that stopped the completion walk
    InFlight,   // a dispatch routine has it
    Pending,    // its dispatch routine returned STATUS_PENDING
    Completing, // the completion walk has it
    Completed,  // the walk ended; what is left happens in the issuing thread
};

enum class IrpOrigin : uint8_t {
    Driver,       // IoAllocateIrp
    Asynchronous, // IoBuildAsynchronousFsdRequest
    Threaded,     // made for a thread: IoBuildDeviceIoControlRequest, IoBuildSynchronousFsdRequest, our own
    Associated,   // IoMakeAssociatedIrp
    Foreign,      // IoInitializeIrp
};

struct DispatchFrame;
struct Operation;

struct IrpRecord {
    IRP* irp = nullptr;
    uint32_t number = 0; // of this birth: an IRP's memory is used again
    IrpState state = IrpState::Freed;
    IrpOrigin origin = IrpOrigin::Driver;
    uint8_t stack_count = 0;
    uint16_t bytes = 0;
    uint32_t maker = 0;                    // number of the thread that made it
    uint32_t maker_driver = 0;             // number of the driver that had it made (not in bare mode); 0: none
    DEVICE_OBJECT* device = nullptr;       // the one it was last sent to (not in bare mode); compared, never followed
    uint32_t driver_number = 0;            // who has it; 0: the I/O manager or its maker
    bool event_was_set = false;            // when its maker sent it (verified mode only)
    bool disowned = false;                 // its issuer ended and waits no more: the last completion only frees it
    uint32_t trips = 0;                    // IoCallDriver calls since its birth (not in bare mode)
    // On whose list it is (I5). A thread may end before its IRPs do: the pointer is never followed, see issuer_of.
    ke::Thread const* thread = nullptr;
    PKTHREAD thread_object = nullptr;
    uint32_t thread_number = 0;
    size_t thread_index = 0;
    IrpRecord* thread_next = nullptr;
    IrpRecord* thread_previous = nullptr;
    FILE_OBJECT* file = nullptr;           // referenced for it
    KEVENT* event = nullptr;               // a caller's event object, referenced for it
    Operation* operation = nullptr;        // a client's, told when the IRP goes
    void* system_buffer = nullptr;         // ours, until the last completion
    uint8_t system_buffer_class = 0;
    void* auxiliary = nullptr;             // pool of ours, freed with it: a name, a length
    uint32_t output_bytes = 0;             // of the issuer's buffer: no more is copied back
    DispatchFrame* frames = nullptr;       // dispatch calls in progress with it, newest first (verified mode only)
    void* block = nullptr;                 // pool it stands in
    GUID activity {};                      // IoSetActivityIdIrp
    uint32_t activity_birth = 0;           // the `number` that it belongs to
    void const* kept_by = nullptr;         // a completion routine that set no event (verified mode only)
    uint32_t kept_birth = 0;               // the `number` that it belongs to
    IrpRecord* next_free = nullptr;

    // Of all that Manager::release gives back with it.
    bool holds_anything() const
    {
        return thread || system_buffer || auxiliary || file || event || operation || output_bytes;
    }
};

class IrpTable {
public:
    IrpTable();
    ~IrpTable();
    IrpTable(IrpTable const&) = delete;
    IrpTable& operator=(IrpTable const&) = delete;

    // An initialized IRP with `stack_size` locations; null when pool is empty.
    IRP* allocate(CCHAR stack_size, IrpOrigin origin);
    void free(IrpRecord& record);
    // The same for code behind either gate (io/irp_path.h).
    template <typename Way>
    void free_by(IrpRecord& record);
    // Fills the bytes as IoInitializeIrp does.
    static void initialize(IRP* irp, uint16_t bytes, CCHAR stack_size);

    // The record of a live or freed IRP of ours, or of a foreign one that was seen; else null. No hashing for ours.
    IrpRecord* find(IRP* irp)
    {
        if (IrpRecord* record = find_ours(irp)) [[likely]]
            return record;
        return find_foreign(irp);
    }
    // The same without looking for foreign ones.
    IrpRecord* find_ours(IRP* irp)
    {
        auto address = reinterpret_cast<uintptr_t>(irp);
        // Ours never begin in a page's first 16 bytes, so that the header may be read wherever the IRP may be.
        if ((address & 0xFFF) < sizeof(Header)) [[unlikely]]
            return nullptr;
        uint32_t index = reinterpret_cast<Header*>(address - sizeof(Header))->index;
        if (index >= m_records.size()) [[unlikely]]
            return nullptr;
        IrpRecord& record = *m_records[index];
        return record.irp == irp ? &record : nullptr;
    }
    // Never null: makes a foreign IRP's record when it is missing. Not in bare mode.
    template <typename Way = ke::Plain>
    IrpRecord& note(IRP* irp)
    {
        if (IrpRecord* record = find_ours(irp)) [[likely]]
            return *record;
        return *Way::template call<&note_foreign_in>(this, irp);
    }
    // A foreign IRP's record stays, freed: its memory may hold another one later.
    void forget_foreign(IRP* irp);

    // Visits IRPs that are not freed, in order of birth; foreign ones only while somebody else has them, for what their
    // maker does with its memory is not told.
    void for_each(void (*visit)(void* context, IrpRecord const& record), void* context);
    size_t live() const { return m_live; } // of ours
    uint32_t born() const { return m_born; }

private:
    struct Header {
        uint32_t index;
        uint32_t reserved[3];
    };
    static_assert(sizeof(Header) == 16);
    struct FreeList {
        IrpRecord* first = nullptr;
        IrpRecord* last = nullptr;
        uint32_t count = 0;
    };
    IrpRecord* make(uint8_t stack_size);
    IrpRecord* find_foreign(IRP* irp);
    IrpRecord& note_foreign(IRP* irp);
    static IrpRecord* note_foreign_in(IrpTable* table, IRP* irp) { return &table->note_foreign(irp); }

    std::vector<IrpRecord*> m_records; // [0] is a stand-in that matches no IRP
    std::deque<IrpRecord> m_storage;
    FreeList m_free[128]; // by stack size
    // Looked up only: its order decides nothing. Empty in bare mode.
    std::map<IRP*, IrpRecord> m_foreign;
    uint32_t m_born = 0;
    size_t m_live = 0;
    uint32_t m_keep_freed; // freed IRPs of one size that rest before the oldest is used again
};

constexpr uint16_t size_of_irp(CCHAR stack_size)
{
    return static_cast<uint16_t>(sizeof(IRP) + static_cast<uint8_t>(stack_size) * sizeof(IO_STACK_LOCATION));
}

// What IoGetCurrentIrpStackLocation and its siblings do inline in drivers.
inline IO_STACK_LOCATION* current_location(IRP* irp) { return irp->Tail.Overlay.CurrentStackLocation; }
inline IO_STACK_LOCATION* next_location(IRP* irp) { return irp->Tail.Overlay.CurrentStackLocation - 1; }
inline void mark_pending(IRP* irp) { current_location(irp)->Control |= SL_PENDING_RETURNED; }
inline void skip_location(IRP* irp)
{
    ++irp->CurrentLocation;
    ++irp->Tail.Overlay.CurrentStackLocation;
}
// The location's parameters go down without the completion routine, which belongs to the location above.
void copy_location_to_next(IRP* irp);
void set_completion_routine(IRP* irp, PIO_COMPLETION_ROUTINE routine, void* context, bool on_success, bool on_error,
                            bool on_cancel);

// Remembers the driver whose call into the kernel is in progress as the IRP's maker.
void note_maker(IRP* irp);

// --- DDIs, in life order ---

IRP* IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota);
IRP* IoAllocateIrpEx(DEVICE_OBJECT* device, CCHAR stack_size, BOOLEAN charge_quota);
void IoInitializeIrp(IRP* irp, USHORT packet_size, CCHAR stack_size);
void IoReuseIrp(IRP* irp, NTSTATUS status);
void IoFreeIrp(IRP* irp);
// Behind the light gate.
NTAPI void free_irp_bare(IRP* irp);
NTAPI void free_irp_observed(IRP* irp);

// --- Inspection ---

// Null: a foreign IRP nobody saw, or no IRP at all.
IrpRecord* record_of(IRP* irp);
// The thread on whose list the IRP is; null when it is on none, or the thread has ended.
ke::Thread* issuer_of(IrpRecord const& record);
char const* name_of(IrpState state);

} // namespace ringside::io

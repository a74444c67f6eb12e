// SPDX-License-Identifier: MIT
// Interrupt objects: the service routines that are connected to a vector of the interrupt controller (hal/interrupts.h).
//
//   a line of the controller  -->  take_interrupts, at a schedule point or when the IRQL falls
//                                    -->  each object of the vector: DIRQL, its spin lock, the ISR through the door
//
//   level, shared    the ISRs in order of connection until one claims; the line, if it is held still, comes again
//   edge, shared     all of them, again and again until none claims: an edge tells only that something came
//   passive level    the vector is masked while a thread runs the ISR at PASSIVE_LEVEL
//
// A level line that is held whatever the ISRs do is an interrupt storm, bug check 0xF2.
// KINTERRUPT is opaque; its bytes hold the spin lock for drivers that bring none, and the events of passive interrupts.
// @cite(wdk-ddi): page=wdm/nf-wdm-ioconnectinterrupt
// @cite(wdk-docs): page=kernel/using-passive-level-interrupt-handling-routines
#pragma once

#include "base/result.h"
#include "hal/interrupts.h"
#include "nt/nt.h"

#include <array>
#include <memory>
#include <vector>

namespace ringside::ke {

class Kernel;
struct Thread;

// The bytes behind a PKINTERRUPT.
struct GuestInterrupt {
    nt::CSHORT Type;
    nt::CSHORT Size;
    nt::ULONG Reserved;
    uint64_t record_index; // checked against the record's own pointer: never trusted
    nt::KSPIN_LOCK SpinLock;
    nt::KEVENT Lock; // passive level: what synchronizes in the spin lock's place
};
inline constexpr size_t kGuestInterruptBytes = 0x100;
static_assert(sizeof(GuestInterrupt) <= kGuestInterruptBytes);

struct InterruptOptions {
    nt::PKSERVICE_ROUTINE routine = nullptr;
    nt::PKMESSAGE_SERVICE_ROUTINE message_routine = nullptr; // of a message: called in place of `routine`
    uint32_t message = 0;
    void* context = nullptr;
    nt::KSPIN_LOCK* lock = nullptr; // null: the object's own
    uint32_t vector = 0;
    uint8_t irql = 0; // PASSIVE_LEVEL: a passive-level interrupt
    uint8_t synchronize_irql = 0;
    hal::Trigger trigger = hal::Trigger::Level;
    bool share = false;
    uint64_t processors = 0;
};

struct Interrupt;

// The thread that runs a passive-level ISR; kernel memory. It never ends: it waits for the next such interrupt.
struct PassiveWorker {
    nt::KEVENT wake; // the vector has interrupted
    Interrupt* interrupt;
};

struct Interrupt {
    uint32_t number = 0; // by birth
    size_t index = 0;
    GuestInterrupt* guest = nullptr;
    InterruptOptions options;
    bool active = true; // IoReportInterruptInactive
    bool running = false; // its ISR, at PASSIVE_LEVEL
    PassiveWorker* worker = nullptr;

    bool passive() const { return options.irql == 0; }
    nt::KSPIN_LOCK& lock() const { return options.lock ? *options.lock : guest->SpinLock; }
    nt::PKINTERRUPT pointer() const { return reinterpret_cast<nt::PKINTERRUPT>(guest); }
};

class InterruptObjects {
public:
    // `guest`: kGuestInterruptBytes of zeroed kernel memory. STATUS_INVALID_PARAMETER: no such vector or processor, or
    // the vector is taken by somebody who does not share it or triggers otherwise.
    Result<Interrupt*> connect(void* guest, InterruptOptions const& options);
    // Returns when its ISR runs nowhere any more; the guest memory is the caller's again.
    void disconnect(Interrupt& interrupt);
    void set_active(Interrupt& interrupt, bool active);
    // The record behind a PKINTERRUPT; null for a pointer that is none.
    Interrupt* of(nt::PKINTERRUPT pointer);
    size_t connected() const { return m_connected; }

    // The vector has interrupted this processor, whose IRQL is the vector's now.
    void serve(Kernel& kernel, uint8_t vector);

private:
    static constexpr uint32_t kStorm = 500; // deliveries in a row after which a line that is still held is a storm
    struct Chain {
        std::vector<Interrupt*> objects; // in order of connection
        uint32_t held_in_a_row = 0;
        bool serving = false;
    };

    bool call(Kernel& kernel, Interrupt& interrupt);
    void look_for_storm(Kernel& kernel, Chain& chain, uint8_t vector);
    void unmask(Chain const& chain, uint8_t vector);
    PassiveWorker* take_worker();
    [[noreturn]] void work(PassiveWorker& worker);

    std::vector<std::unique_ptr<Interrupt>> m_interrupts;
    std::array<Chain, hal::Interrupts::kVectors> m_chains;
    std::vector<PassiveWorker*> m_idle_workers;
    uint32_t m_born = 0;
    size_t m_connected = 0;
};

nt::BOOLEAN KeSynchronizeExecution(nt::PKINTERRUPT interrupt, nt::PKSYNCHRONIZE_ROUTINE routine, nt::PVOID context);
nt::KIRQL KeAcquireInterruptSpinLock(nt::PKINTERRUPT interrupt);
void KeReleaseInterruptSpinLock(nt::PKINTERRUPT interrupt, nt::KIRQL old);

} // namespace ringside::ke

// SPDX-License-Identifier: MIT
// The machine's interrupt controller: 256 vectors, each a line or a message of a device. A vector has a device IRQL, the
// processors that may take it and a trigger; it is masked until a handler is connected (ke/interrupt.cpp).
//
//            raise, pulse              accept                     complete
//   Quiet ----------------> Pending ----------------> InService ------------> Quiet, or Pending again when the line is
//     ^                        |                                              still held or an edge came meanwhile
//     +---- lower (level) -----+
//
// Devices - models of them, or tests - raise and lower lines; which processor takes the interrupt is drawn from the
// schedule's seed when several may.
#pragma once

#include "hal/processor.h"

#include <array>
#include <cstdint>

namespace ringside::hal {

enum class Trigger : uint8_t {
    Level, // interrupts while at least one device holds the line
    Edge, // interrupts once each time it is raised; messages are edges
};

class Interrupts {
public:
    static constexpr unsigned kVectors = 256;
    static constexpr uint8_t kLowestIrql = 3;
    static constexpr uint8_t kHighestIrql = 12;
    static constexpr uint8_t kIpiIrql = 14;
    static constexpr uint8_t kNmiIrql = 16; // above every IRQL: nothing keeps it away
    // x64 keeps the priority in a vector's high digit.
    static constexpr uint8_t irql_of(uint8_t vector) { return vector >> 4; }
    static constexpr bool is_device_vector(uint32_t vector)
    {
        return vector < kVectors && vector >> 4 >= kLowestIrql && vector >> 4 <= kHighestIrql;
    }

    Interrupts();
    ~Interrupts();
    Interrupts(Interrupts const&) = delete;
    Interrupts& operator=(Interrupts const&) = delete;

    void attach(Processor& processor) { m_processors[m_processor_count++] = &processor; }

    // --- The devices' side ---
    // Level: one more device holds the line. Edge: an edge, the same as pulse().
    void raise(uint8_t vector);
    // Level: one device fewer holds it.
    void lower(uint8_t vector);
    // An edge or a message. Lost when the vector is masked, as a controller loses it.
    void pulse(uint8_t vector);
    bool is_held(uint8_t vector) const { return m_vectors[vector].holders != 0; }
    // Edges and messages that came while the vector was masked.
    uint32_t lost() const { return m_lost; }

    // --- The kernel's side ---
    void unmask(uint8_t vector, uint8_t irql, uint64_t processors, Trigger trigger);
    void mask(uint8_t vector);
    bool is_masked(uint8_t vector) const { return m_vectors[vector].masked; }
    // A vector that waits for this processor above that IRQL: the highest first, the seed chooses among equals; -1: none.
    int next(uint32_t processor, uint8_t above_irql);
    void accept(uint8_t vector);
    void complete(uint8_t vector);
    uint8_t irql(uint8_t vector) const { return m_vectors[vector].irql; }

    // --- Between processors ---
    void send_ipi(uint32_t processor) { ask(processor, kIpi); }
    void send_nmi(uint32_t processor) { ask(processor, kNmi); }
    bool take_ipi(uint32_t processor) { return take(processor, kIpi); }
    bool take_nmi(uint32_t processor) { return take(processor, kNmi); }

private:
    enum class State : uint8_t { Quiet, Pending, InService };
    enum Special : uint8_t { kIpi = 1, kNmi = 2 };
    struct Vector {
        State state = State::Quiet;
        Trigger trigger = Trigger::Level;
        bool masked = true;
        bool latched = false; // an edge came while in service
        uint8_t irql = 0;
        uint8_t target = 0;
        uint32_t holders = 0;
        uint64_t processors = 0;
    };

    void make_pending(Vector& vector);
    void ask(uint32_t processor, Special what);
    bool take(uint32_t processor, Special what);
    // Tells the processor the highest IRQL that waits for it.
    void refresh(uint32_t processor);

    std::array<Vector, kVectors> m_vectors {};
    std::array<Processor*, kProcessorsMax> m_processors {};
    std::array<uint8_t, kProcessorsMax> m_special {};
    uint32_t m_processor_count = 0;
    uint32_t m_pending = 0; // vectors in that state
    uint32_t m_lost = 0;
};

extern Interrupts* g_interrupts;
inline Interrupts& interrupts() { return *g_interrupts; }

} // namespace ringside::hal

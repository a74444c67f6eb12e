// SPDX-License-Identifier: MIT
#include "hal/interrupts.h"

#include "base/check.h"
#include "sim/world.h"

#include <algorithm>
#include <bit>

namespace ringside::hal {

Interrupts* g_interrupts = nullptr;

Interrupts::Interrupts() { g_interrupts = this; }
Interrupts::~Interrupts() { g_interrupts = nullptr; }

// --- Devices ---

void Interrupts::raise(uint8_t vector)
{
    Vector& v = m_vectors[vector];
    if (!v.masked && v.trigger == Trigger::Edge) {
        pulse(vector);
        return;
    }
    ++v.holders;
    if (!v.masked && v.state == State::Quiet)
        make_pending(v);
}

void Interrupts::lower(uint8_t vector)
{
    Vector& v = m_vectors[vector];
    CHECK(v.holders, "an interrupt line was lowered more often than raised");
    if (--v.holders == 0 && v.state == State::Pending && v.trigger == Trigger::Level) {
        v.state = State::Quiet;
        --m_pending;
        refresh(v.target);
    }
}

void Interrupts::pulse(uint8_t vector)
{
    Vector& v = m_vectors[vector];
    if (v.masked)
        ++m_lost;
    else if (v.state == State::Quiet)
        make_pending(v);
    else if (v.state == State::InService)
        v.latched = true;
}

// --- The kernel ---

void Interrupts::unmask(uint8_t vector, uint8_t irql, uint64_t processors, Trigger trigger)
{
    Vector& v = m_vectors[vector];
    v.masked = false;
    v.irql = irql;
    v.processors = processors;
    v.trigger = trigger;
    if (v.state == State::Quiet && (v.latched || (trigger == Trigger::Level && v.holders)))
        make_pending(v);
}

void Interrupts::mask(uint8_t vector)
{
    Vector& v = m_vectors[vector];
    v.masked = true;
    if (v.state != State::Pending)
        return;
    v.state = State::Quiet;
    v.latched = v.trigger == Trigger::Edge; // kept in the controller: it comes with the unmasking
    --m_pending;
    refresh(v.target);
}

void Interrupts::make_pending(Vector& v)
{
    v.state = State::Pending;
    v.latched = false;
    ++m_pending;
    uint32_t candidates[kProcessorsMax];
    size_t count = 0;
    for (uint32_t i = 0; i < m_processor_count; ++i)
        if ((v.processors >> i) & 1)
            candidates[count++] = i;
    CHECK(count, "an interrupt was connected to no processor");
    v.target = static_cast<uint8_t>(count == 1 ? candidates[0]
                                               : candidates[sim::world().random(sim::Stream::Schedule).below(count)]);
    refresh(v.target);
}

int Interrupts::next(uint32_t processor, uint8_t above_irql)
{
    if (!m_pending)
        return -1;
    uint8_t candidates[kVectors];
    size_t count = 0;
    uint8_t best = above_irql;
    for (unsigned i = 0; i < kVectors; ++i) {
        Vector const& v = m_vectors[i];
        if (v.state != State::Pending || v.target != processor || v.irql <= above_irql || v.irql < best)
            continue;
        if (v.irql > best)
            count = 0;
        best = v.irql;
        candidates[count++] = static_cast<uint8_t>(i);
    }
    if (!count)
        return -1;
    return count == 1 ? candidates[0] : candidates[sim::world().random(sim::Stream::Schedule).below(count)];
}

void Interrupts::accept(uint8_t vector)
{
    Vector& v = m_vectors[vector];
    CHECK(v.state == State::Pending, "an interrupt was accepted that does not wait");
    v.state = State::InService;
    --m_pending;
    refresh(v.target);
}

void Interrupts::complete(uint8_t vector)
{
    Vector& v = m_vectors[vector];
    v.state = State::Quiet;
    if (!v.masked && (v.latched || (v.trigger == Trigger::Level && v.holders)))
        make_pending(v);
}

void Interrupts::ask(uint32_t processor, Special what)
{
    m_special[processor] |= what;
    refresh(processor);
}

bool Interrupts::take(uint32_t processor, Special what)
{
    if (!(m_special[processor] & what))
        return false;
    m_special[processor] &= static_cast<uint8_t>(~what);
    refresh(processor);
    return true;
}

void Interrupts::refresh(uint32_t processor)
{
    uint8_t irql = m_special[processor] & kNmi ? kNmiIrql : m_special[processor] & kIpi ? kIpiIrql : 0;
    if (m_pending)
        for (Vector const& v : m_vectors)
            if (v.state == State::Pending && v.target == processor)
                irql = std::max(irql, v.irql);
    m_processors[processor]->set_hardware_pending(irql);
}

} // namespace ringside::hal

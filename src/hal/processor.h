// SPDX-License-Identifier: MIT
// A virtual processor: its number, its control region (the KPCR that drivers read through gs:), its IRQL. The IRQL lives
// in the control region's own Irql field, because drivers built with older kits read and write CR8 inline, and the
// patched instructions go straight to that field.
#pragma once

#include "hal/layout.h"

#include <cstdint>

namespace ringside::hal {

// Offsets in the control region. The first page is the documented KPCR; ours begin at the second page.
inline constexpr unsigned kPcrSelf = 0x18;
inline constexpr unsigned kPcrCurrentPrcb = 0x20;
inline constexpr unsigned kPcrIrql = 0x50;
inline constexpr unsigned kPcrPrcb = 0x180;
inline constexpr unsigned kPcrCurrentThread = 0x188;
inline constexpr unsigned kPcrIdleThread = 0x198;
inline constexpr unsigned kPcrNumber = 0x1A4;
inline constexpr unsigned kPcrSoftwareInterrupt = 0x1000; // one byte: the highest IRQL at which work is due, 0: none
inline constexpr unsigned kPcrCallDpc = 0x1100;            // a KDPC of the kernel's own (ke/broadcast.cpp)

class Processor {
public:
    // The region is kProcessorRegionBytes of zeroed memory, mapped before.
    Processor(uint32_t number, uint8_t* region) : m_number(number), m_region(region)
    {
        *at<void*>(kPcrSelf) = region;
        *at<void*>(kPcrCurrentPrcb) = region + kPcrPrcb;
        *at<uint32_t>(kPcrNumber) = number;
    }
    Processor(Processor const&) = delete;
    Processor& operator=(Processor const&) = delete;

    uint32_t number() const { return m_number; }
    uint8_t* region() const { return m_region; }

    uint8_t irql() const { return m_region[kPcrIrql]; }
    // Only sets the field: what becomes due by lowering is the caller's business (ke::lower_irql).
    void set_irql(uint8_t irql) { m_region[kPcrIrql] = irql; }

    // Something waits for the IRQL to fall below this: a device's or another processor's interrupt, or the software
    // interrupt of DISPATCH_LEVEL.
    uint8_t pending_irql() const { return m_region[kPcrSoftwareInterrupt]; }
    bool software_interrupt_pending() const { return m_software_pending; }
    void set_software_interrupt_pending(bool pending)
    {
        m_software_pending = pending;
        show_pending();
    }
    // The highest IRQL of an interrupt that waits here, 0: none. Written by the interrupt controller.
    void set_hardware_pending(uint8_t irql)
    {
        m_hardware_pending = irql;
        show_pending();
    }

    void set_current_thread(void* thread) { *at<void*>(kPcrCurrentThread) = thread; }
    void* current_thread() const { return *at<void*>(kPcrCurrentThread); }
    void set_idle_thread(void* thread) { *at<void*>(kPcrIdleThread) = thread; }

    bool interrupts_enabled = true; // cli / sti

private:
    template <typename T>
    T* at(unsigned offset) const
    {
        return reinterpret_cast<T*>(m_region + offset);
    }
    void show_pending()
    {
        constexpr uint8_t kSoftware = 2; // DISPATCH_LEVEL
        m_region[kPcrSoftwareInterrupt]
            = m_hardware_pending > kSoftware ? m_hardware_pending : (m_software_pending ? kSoftware : uint8_t { 0 });
    }
    uint32_t m_number;
    uint8_t* m_region;
    bool m_software_pending = false;
    uint8_t m_hardware_pending = 0;
};

// The processor whose turn it is. Always set while a machine is live.
extern Processor* g_processor;
inline Processor& processor() { return *g_processor; }

} // namespace ringside::hal

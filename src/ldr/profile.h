// SPDX-License-Identifier: MIT
// The processor that drivers find themselves on: what cpuid, model-specific registers, control registers and the time
// stamp counter say. One fixed profile, the same on every host, so that runs can be repeated: an Intel-like x86-64-v2
// processor (SSE4.2, no AVX) at 2.4 GHz under a hypervisor. It claims no feature that a host may lack, except rdrand
// and rdseed, which Ringside answers itself.
// @cite(intel-sdm): page=vol2a/cpuid, vol4/model-specific-registers
#pragma once

#include <cstdint>
#include <optional>

namespace ringside::ldr {

struct Identity {
    uint32_t eax, ebx, ecx, edx;
};
// What cpuid answers on that processor of a machine with so many.
Identity identify(uint32_t leaf, uint32_t subleaf, uint32_t processor, uint32_t processors);

inline constexpr uint64_t kTscPer100ns = 240; // 2.4 GHz
uint64_t time_stamp();

// The value of a model-specific register on the current processor; nothing for one that this processor lacks, whose
// access is a general-protection fault, as on hardware.
std::optional<uint64_t> read_msr(uint32_t number);

// cr0, cr2, cr3, cr4; nothing for one that does not exist.
std::optional<uint64_t> read_control(unsigned number);
std::optional<uint64_t> read_debug(unsigned number);

// What sgdt and sidt store. The tables are not there: reading one is an access to an invalid kernel address.
struct TableRegister {
    uint16_t limit;
    uint64_t base;
};
TableRegister descriptor_table(bool interrupts, uint32_t processor);
// sldt, str, smsw.
uint64_t system_word(unsigned which);

} // namespace ringside::ldr

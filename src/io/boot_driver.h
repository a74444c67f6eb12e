// SPDX-License-Identifier: MIT
// Early launch: drivers that are asked about the boot-start drivers after them, before these are initialized.
//
//   Waiting --- DLLs of a driver come --> Dependencies --- a boot-start driver comes --> Drivers -- boot ends --> Over
//      |                                                                                   ^                       ^
//      +---------------- a boot-start driver comes ----------------------------------------+                       |
//      +---------------- boot ends --------------------------------------------------------------------------------+
//
// Each arrow is a status update to every callback that is registered; Over is the last thing that they hear. Without
// callbacks nothing is told, and nothing changes.
//
// @cite(wdk-docs): page=install/elam-driver-requirements
#pragma once

#include "nt/boot_driver.h"
#include "nt/nt.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::io {

struct BootImage {
    std::u16string name;          // path of its file
    std::u16string registry_path;
    std::u16string publisher;     // of the certificate; "": not signed
    std::u16string issuer;
    std::vector<uint8_t> hash;    // Authenticode, SHA-256
    bool dependency = false;      // a DLL of a driver's
    bool intact = false;          // signed, and what was signed
};

class BootDrivers {
public:
    struct Registration {
        void* handle; // pool of ours
        uint32_t driver_number;
        PBOOT_DRIVER_CALLBACK_FUNCTION routine;
        void* context;
    };
    // DriverLoadPolicy: which images are initialized beside known good ones.
    static constexpr uint32_t kUnknown = 1, kBadCritical = 2, kBad = 4, kDefaultPolicy = kUnknown | kBadCritical;

    BootDrivers() = default;
    ~BootDrivers();
    BootDrivers(BootDrivers const&) = delete;
    BootDrivers& operator=(BootDrivers const&) = delete;

    std::vector<Registration> const& registrations() const { return m_registrations; }
    void* add(uint32_t driver_number, PBOOT_DRIVER_CALLBACK_FUNCTION routine, void* context); // null: no pool
    bool remove(void* handle);

    // An image is about to be initialized: asks the callbacks. False: the policy has it left out. The image must belong
    // to the machine: a callback may end it. PASSIVE_LEVEL, on a system thread; so the next one.
    bool may_start(BootImage const& image, uint32_t policy);
    // All boot-start drivers are initialized: the callbacks hear it, and nothing more.
    void boot_is_over();

private:
    enum class Phase : uint8_t { Waiting, Dependencies, Drivers, Over };
    void enter(Phase phase, BDCB_STATUS_UPDATE_TYPE update);
    void tell(BDCB_CALLBACK_TYPE type, void* what);
    std::vector<Registration> m_registrations;
    Phase m_phase = Phase::Waiting;
};

// PASSIVE_LEVEL. Null: no pool. The driver takes its registration back before it goes, in its unload routine.
void* IoRegisterBootDriverCallback(PBOOT_DRIVER_CALLBACK_FUNCTION routine, void* context);
// Up to APC_LEVEL; not from a callback.
void IoUnregisterBootDriverCallback(void* handle);

} // namespace ringside::io

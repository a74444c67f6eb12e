// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioregisterbootdrivercallback
// @cite(wdk-ddi): page=ntddk/nc-ntddk-boot_driver_callback_function
#include "io/boot_driver.h"

#include "ex/pool.h"
#include "io/guest_string.h"
#include "io/manager.h"
#include "ke/door.h"

#include <algorithm>

namespace ringside::io {

namespace {

constexpr ULONG kBootTag = 0x64426F49; // 'IoBd'
constexpr ULONG CALG_SHA_256 = 0x800C;

// What the callbacks look into: in pool, and freed by its owner, for a callback that ends the machine runs no
// destructor.
struct Told {
    BDCB_IMAGE_INFORMATION information {};

    bool fill(BootImage const& image)
    {
        information.ImageFlags = (image.dependency ? ULONG { BDCB_IMAGEFLAGS_DEPENDENT_DLL } : 0)
            | (image.intact ? 0 : ULONG { BDCB_IMAGEFLAGS_FAILED_CODE_INTEGRITY });
        if (!image.hash.empty()) {
            information.ImageHash = ex::allocate(NonPagedPoolNx, image.hash.size(), kBootTag, ex::Owner::Kernel, false);
            if (!information.ImageHash)
                return false;
            std::ranges::copy(image.hash, static_cast<uint8_t*>(information.ImageHash));
            information.ImageHashLength = static_cast<ULONG>(image.hash.size());
            information.ImageHashAlgorithm = CALG_SHA_256;
        }
        return make_string(information.ImageName, image.name, kBootTag)
            && make_string(information.RegistryPath, image.registry_path, kBootTag)
            && make_string(information.CertificatePublisher, image.publisher, kBootTag)
            && make_string(information.CertificateIssuer, image.issuer, kBootTag);
    }
    // The driver may have written over the pointers: ours are kept aside.
    void free(BDCB_IMAGE_INFORMATION const& ours)
    {
        information = ours;
        if (information.ImageHash)
            ex::free(information.ImageHash, kBootTag);
        for (UNICODE_STRING* text : { &information.ImageName, &information.RegistryPath,
                                      &information.CertificatePublisher, &information.CertificateIssuer })
            free_string(*text, kBootTag);
    }
};

bool allows(uint32_t policy, BDCB_CLASSIFICATION classification)
{
    switch (classification) {
    case BdCbClassificationKnownGoodImage:
        return true;
    case BdCbClassificationKnownBadImage:
        return policy & BootDrivers::kBad;
    case BdCbClassificationKnownBadImageBootCritical:
        return policy & BootDrivers::kBadCritical;
    default:
        return policy & BootDrivers::kUnknown;
    }
}

} // namespace

BootDrivers::~BootDrivers()
{
    for (Registration const& registration : m_registrations)
        ex::free(registration.handle, kBootTag);
}

void* BootDrivers::add(uint32_t driver_number, PBOOT_DRIVER_CALLBACK_FUNCTION routine, void* context)
{
    void* handle = ex::allocate(NonPagedPoolNx, sizeof(uint64_t), kBootTag, ex::Owner::Kernel, true);
    if (handle)
        m_registrations.push_back({ handle, driver_number, routine, context });
    return handle;
}

bool BootDrivers::remove(void* handle)
{
    auto const found = std::ranges::find(m_registrations, handle, &Registration::handle);
    if (found == m_registrations.end())
        return false;
    m_registrations.erase(found);
    ex::free(handle, kBootTag);
    return true;
}

// By index: a callback may register another one, which is told, too.
void BootDrivers::tell(BDCB_CALLBACK_TYPE type, void* what)
{
    for (size_t i = 0; i < m_registrations.size(); ++i)
        ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, m_registrations[i].driver_number },
                         m_registrations[i].routine, m_registrations[i].context, type,
                         static_cast<BDCB_IMAGE_INFORMATION*>(what));
}

void BootDrivers::enter(Phase phase, BDCB_STATUS_UPDATE_TYPE update)
{
    if (m_phase == phase)
        return;
    m_phase = phase;
    BDCB_STATUS_UPDATE_CONTEXT context { update };
    tell(BdCbStatusUpdate, &context);
}

bool BootDrivers::may_start(BootImage const& image, uint32_t policy)
{
    if (m_registrations.empty() || m_phase == Phase::Over)
        return true;
    if (image.dependency)
        enter(Phase::Dependencies, BdCbStatusPrepareForDependencyLoad);
    else
        enter(Phase::Drivers, BdCbStatusPrepareForDriverLoad);
    Told told;
    bool const filled = told.fill(image);
    BDCB_IMAGE_INFORMATION const ours = told.information;
    if (filled) // without pool nobody is asked: it is unknown
        tell(BdCbInitializeImage, &told.information);
    BDCB_CLASSIFICATION const classification = told.information.Classification;
    told.free(ours);
    return allows(policy, classification);
}

void BootDrivers::boot_is_over()
{
    if (m_registrations.empty() || m_phase == Phase::Over)
        return;
    enter(Phase::Over, BdCbStatusPrepareForUnload);
}

void* IoRegisterBootDriverCallback(PBOOT_DRIVER_CALLBACK_FUNCTION routine, void* context)
{
    DriverRecord const* driver = manager().drivers().calling();
    return manager().boot_drivers().add(driver ? driver->number : 0, routine, context);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iounregisterbootdrivercallback
void IoUnregisterBootDriverCallback(void* handle) { manager().boot_drivers().remove(handle); }

} // namespace ringside::io

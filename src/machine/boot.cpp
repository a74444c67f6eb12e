// SPDX-License-Identifier: MIT
// Early launch from the machine's side: which drivers are boot-start ones, what is known of their images, and when boot
// is over. A service whose value Start is 0 before its driver is loaded is one. Boot is over with the first other
// driver, the first program, or the machine's end.
#include "ldr/signature.h"
#include "machine/state.h"
#include "rtl/multi_byte.h"

#include <cstring>

namespace ringside::machine {

using namespace nt;

namespace {

std::optional<uint32_t> dword_of(cm::Registry& registry, std::u16string const& path, std::u16string_view name)
{
    cm::Key const* key = registry.find(path);
    cm::Value const* value = key ? key->value(name) : nullptr;
    if (!value || value->type != REG_DWORD || value->data.size() != sizeof(uint32_t))
        return std::nullopt;
    uint32_t number;
    std::memcpy(&number, value->data.data(), sizeof number);
    return number;
}

uint32_t policy_of(cm::Registry& registry)
{
    return dword_of(registry, u"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Control\\EarlyLaunch",
                    u"DriverLoadPolicy")
        .value_or(io::BootDrivers::kDefaultPolicy);
}

io::BootImage image_of(ldr::Module const& module, std::u16string path, std::u16string registry_path, bool dependency)
{
    io::BootImage image;
    image.name = std::move(path);
    image.registry_path = std::move(registry_path);
    image.dependency = dependency;
    image.hash = ldr::authenticode_hash(module.file(), "SHA256").value_or(std::vector<uint8_t>());
    auto const signatures = ldr::read_signatures(module.file());
    image.intact = signatures.state() == ldr::SignatureState::Intact;
    if (!signatures.list.empty()) {
        image.publisher = rtl::utf16(signatures.list.front().signer);
        image.issuer = rtl::utf16(signatures.list.front().issuer);
    }
    return image;
}

} // namespace

bool is_boot_start(Machine::State& machine, std::u16string const& registry_path)
{
    return dword_of(machine.rooms->registry, registry_path, u"Start") == uint32_t { SERVICE_BOOT_START };
}

void describe_boot_images(ldr::Module const& asked, std::vector<ldr::Module*> const& fresh, std::u16string const& path,
                          std::u16string const& registry_path, std::vector<io::BootImage>& images)
{
    std::u16string const folder = path.substr(0, path.rfind(u'\\') + 1);
    for (ldr::Module const* module : fresh) {
        bool const dependency = module != &asked;
        images.push_back(image_of(*module, dependency ? folder + rtl::utf16(module->name()) : path,
                                  dependency ? std::u16string() : registry_path, dependency));
    }
}

bool boot_allows(Machine::State& machine, std::vector<io::BootImage> const& images)
{
    uint32_t const policy = policy_of(machine.rooms->registry);
    for (io::BootImage const& image : images)
        if (!machine.rooms->io.boot_drivers().may_start(image, policy))
            return false;
    return true;
}

void end_boot(Machine::State& machine)
{
    auto& boot = machine.rooms->io.boot_drivers();
    if (!boot.registrations().empty() && !machine.rooms->kernel.crash())
        machine.on_system_thread([&boot] { boot.boot_is_over(); });
}

} // namespace ringside::machine

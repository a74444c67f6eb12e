// SPDX-License-Identifier: MIT
// The server's calls on drivers and on the registry.
#include "json_text.h"
#include "server.h"

#include "machine/views.h"

namespace ringside::capi {

void Server::tell(Driver const& driver)
{
    m_reply.number(driver.status());
    m_reply.flag(driver.loaded());
    m_reply.number(driver.base());
    m_reply.text(driver.name());
}

void Server::about_drivers(CallCode call, Reader& in)
{
    if (call == CallCode::Load || call == CallCode::LoadMemory)
        return load(call, in);
    auto number = in.number<uint32_t>();
    expect_whole(in);
    Driver& driver = m_drivers.at(number, "driver");
    if (call == CallCode::Unload)
        m_reply.number(driver.unload());
    else if (call == CallCode::DriverInfo)
        tell(driver);
    else
        m_reply.text(json_text(machine::imports_json(driver.imports())));
}

void Server::load(CallCode call, Reader& in)
{
    std::string const path(in.text());
    std::string name;
    std::span<std::byte const> image;
    if (call == CallCode::LoadMemory) {
        name = in.text();
        image = in.bytes();
    }
    expect_whole(in);
    Driver driver = call == CallCode::Load ? machine().load(path) : machine().load(name, image, path);
    int32_t const status = driver.status();
    m_reply.number(m_drivers.add(std::move(driver)));
    m_reply.number(status);
}

void Server::about_registry(CallCode call, Reader& in)
{
    Machine& m = machine();
    auto key = in.text(); // or all the text there is
    if (call == CallCode::ImportRegistry) {
        expect_whole(in);
        m.import_registry(key);
    } else if (call == CallCode::SetRegistryValue) {
        auto assignment = in.text();
        expect_whole(in);
        m.set_registry_value(key, assignment);
    } else if (call == CallCode::LoadHive) {
        auto file = in.bytes();
        expect_whole(in);
        m.load_hive(key, file);
    } else {
        expect_whole(in);
        if (call == CallCode::ExportRegistry)
            m_reply.text(m.export_registry(key));
        else
            m_reply.bytes(m.save_hive(key));
    }
}

} // namespace ringside::capi

// SPDX-License-Identifier: MIT
// The I/O ports that in and out reach.
#include "ldr/trap.h"

#include "ke/kernel.h"

#include <bitset>
#include <fmt/format.h>

namespace ringside::ldr {

PortDoor g_port_door;

namespace {

std::bitset<0x10000> g_noted;

// Once per port: a driver that polls would drown the log.
void note(uint16_t port, char const* what)
{
    if (g_noted[port])
        return;
    g_noted.set(port);
    auto const text = sim::world().log().add_text(fmt::format("{} I/O port {:#x}: no device is there", what, port));
    ke::kernel().log(sim::Event::Note, 0, text);
}

} // namespace

void reset_ports()
{
    g_noted.reset();
    g_port_door = {};
}

uint32_t read_port(uint16_t port, unsigned bits)
{
    ke::kernel().schedule_point();
    if (g_port_door.read)
        return g_port_door.read(port, bits);
    note(port, "read of");
    return ~0u >> (32 - bits);
}

void write_port(uint16_t port, unsigned bits, uint32_t value)
{
    ke::kernel().schedule_point();
    if (g_port_door.write)
        return g_port_door.write(port, bits, value);
    note(port, "write to");
}

} // namespace ringside::ldr

// SPDX-License-Identifier: MIT
// One machine's rooms, made in level order and destroyed in reverse, with the hooks by which lower rooms reach upper
// ones. Nothing of a machine lives outside this structure and the rooms' own pointers to it.
#pragma once

#include "cm/registry.h"
#include "ex/executive.h"
#include "fs/file_system.h"
#include "hal/address_space.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "ldr/loader.h"
#include "mm/memory.h"
#include "ob/manager.h"
#include "ps/process.h"
#include "se/security.h"
#include "sim/world.h"
#include "verifier/verifier.h"

#include <optional>

namespace ringside::machine {

struct RoomOptions {
    sim::WorldOptions world {};
    ke::KernelOptions kernel {};
    size_t memory_bytes = size_t { 1 } << 30;
    verifier::RuleSet rules {};
    bool explore = false;
    bool force_irql = false;
};

// Before everything else: the constants that the rooms' constructors read, and their removal at the very end.
struct Wiring {
    explicit Wiring(RoomOptions const& options);
    ~Wiring();
};

struct Rooms {
    explicit Rooms(RoomOptions const& options);
    ~Rooms();
    Rooms(Rooms const&) = delete;
    Rooms& operator=(Rooms const&) = delete;

    sim::World world;
    hal::PhysicalMemory physical;
    hal::AddressSpace space;
    hal::KernelStacks stacks;
    ke::Kernel kernel;
    Wiring wiring;
    mm::Memory memory;
    ex::Executive executive;
    ob::ObjectManager objects;
    se::Security security;
    ps::ProcessManager processes;
    cm::Registry registry;
    std::vector<std::span<Ddi const>> rows;
    ldr::ExportTable exports;
    ldr::Loader loader;
    io::Manager io;
    fs::FileSystem files;
    std::optional<verifier::Verifier> verifier; // verified machines only
};

} // namespace ringside::machine

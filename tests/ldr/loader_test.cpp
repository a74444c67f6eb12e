// SPDX-License-Identifier: MIT
// Loading whole images: where they stand, what their import slots hold, what is refused, and what an unload leaves.
#include "core.h"
#include "ldr/loader.h"
#include "pe_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::ldr;
using ringside::test::BuiltImage;
using ringside::test::Core;
using ringside::test::PeBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

int32_t forty_two() { return 42; }
uint64_t g_data_export = 7;

Ddi const kRows[] = {
    { .name = "DbgPrint", .body = body<&forty_two>() },
    { .name = "ExAllocatePool2", .since = Windows::v10_2004, .body = body<&forty_two>() },
    { .name = "IoCreateDevice", .partial = "half of it", .body = body<&forty_two>() },
    { .name = "KeOld", .until = Windows::win8, .body = body<&forty_two>() },
    { .name = "KeQueryPerformanceCounter", .dll = Dll::hal, .needs = Needs::Nothing, .body = body<&forty_two>() },
    { .name = "NtBuildNumber", .data = &g_data_export },
    { .name = "WmiFireEvent", .dll = Dll::wmilib, .body = body<&forty_two>() },
};

struct Booted {
    explicit Booted(ke::Binding binding = ke::Binding::Observed, Windows windows = Windows::v11_24H2)
        : exports(std::span(&rows, 1), binding, windows), loader(exports)
    {
    }
    LoadResult load(char const* name, BuiltImage const& image, ImageFinder* finder = nullptr)
    {
        return loader.load(name, std::string("drivers/") + name, image.bytes, finder);
    }

    Core core;
    std::span<Ddi const> rows { kRows };
    ExportTable exports;
    Loader loader;
};

uint64_t slot(Module const& module, uint32_t rva)
{
    uint64_t value;
    std::memcpy(&value, reinterpret_cast<void*>(module.base() + rva), sizeof value);
    return value;
}

BuiltImage image_of(std::vector<std::pair<std::string, std::vector<std::string>>> imports, std::string export_name = {},
                    std::vector<PeBuilder::ExportRow> exports = {})
{
    PeBuilder builder;
    builder.imports = std::move(imports);
    builder.export_name = std::move(export_name);
    builder.exports = std::move(exports);
    return builder.build();
}

// Files beside the driver, by name.
struct Folder : ImageFinder {
    std::map<std::string, BuiltImage> files;
    std::optional<ImageFile> find(std::string_view dll) override
    {
        auto it = files.find(std::string(dll));
        if (it == files.end())
            return std::nullopt;
        return ImageFile { it->first, "", it->second.bytes };
    }
};

} // namespace

// An image with imports from both kernel modules, one of them by ordinal.
// Shows: base, stubs in the order of first bind, named stops, the image in the function table.
TEST(ldr_loader, binds_an_image)
{
    Booted machine;
    BuiltImage image = PeBuilder().build();
    auto result = machine.load("built.sys", image);
    ASSERT_TRUE(result) << result.bad().reason;
    Module& module = result.module();
    EXPECT_EQ(module.base(), hal::kImages);
    EXPECT_EQ(slot(module, image.rva["first slots"]), hal::kStubs);
    EXPECT_EQ(slot(module, image.rva["first slots"] + 8), hal::kStubs + 32);
    EXPECT_THAT(machine.exports.missing(), ElementsAre("ntoskrnl.exe!#12"));
    ASSERT_EQ(module.imports().size(), 4u);
    EXPECT_EQ(module.imports()[0].served, Served::Works);
    EXPECT_EQ(module.imports()[1].served, Served::Partial);
    EXPECT_EQ(module.imports()[2].served, Served::Missing);
    auto const* range = machine.core.kernel.images().find(module.base() + 0x1000);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->name, "built.sys");
    EXPECT_EQ(range->functions.size(), 3u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(module.entry_point()), module.base() + image.rva["entry"]);
    EXPECT_EQ(machine.exports.system_routine("DbgPrint"), reinterpret_cast<void*>(hal::kStubs));
    EXPECT_EQ(machine.exports.system_routine("NoSuchThing"), nullptr);
    EXPECT_EQ(machine.exports.system_routine("NtBuildNumber"), &g_data_export);
}

// Names that this Windows does not export, and a data export nobody serves.
TEST(ldr_loader, names_of_other_windows_are_stops_that_say_so)
{
    Booted machine(ke::Binding::Observed, Windows::win7);
    EXPECT_EQ(machine.exports.served("ntoskrnl.exe", "ExAllocatePool2"), Served::NotOnThisWindows);
    EXPECT_EQ(machine.exports.system_routine("ExAllocatePool2"), nullptr);
    machine.exports.bind("ntoskrnl.exe", "ExAllocatePool2");
    machine.exports.bind("hal.dll", "KeOld");
    uintptr_t const data = machine.exports.bind("ntoskrnl.exe", "MmHighestUserAddress");
    EXPECT_THAT(machine.exports.missing(),
                ElementsAre("ntoskrnl.exe!ExAllocatePool2 (first in win10-2004; this machine is win7)",
                            "ntoskrnl.exe!MmHighestUserAddress"));
    ASSERT_TRUE(machine.exports.missing_data_at(data + 8));
    EXPECT_STREQ(machine.exports.missing_data_at(data + 8)->name, "MmHighestUserAddress");
    EXPECT_FALSE(machine.exports.missing_data_at(hal::kStubs));
}

// WmiLib's names asked of the kernel, the kernel's asked of WmiLib, each of its own, in any case of letters.
// Shows: a library of Windows' exports its own names and no other, and no other module has them; a stop says who does.
// MmGetSystemRoutineAddress, which looks in the kernel and the hal, does not find them.
TEST(ldr_loader, what_a_library_exports_stands_in_no_other_module)
{
    Booted machine;
    EXPECT_EQ(machine.exports.served("wmilib.sys", "WmiFireEvent"), Served::Works);
    EXPECT_EQ(machine.exports.served("WMILIB.SYS", "WmiFireEvent"), Served::Works);
    EXPECT_EQ(machine.exports.served("ntoskrnl.exe", "WmiFireEvent"), Served::InAnotherModule);
    EXPECT_EQ(machine.exports.served("hal.dll", "DbgPrint"), Served::Works);
    EXPECT_EQ(machine.exports.served("wmilib.sys", "DbgPrint"), Served::InAnotherModule);
    EXPECT_EQ(machine.exports.served("wmilib.sys", "WmiNoSuchThing"), Served::Missing);
    uintptr_t const own = machine.exports.bind("WMILIB.SYS", "WmiFireEvent");
    EXPECT_EQ(machine.exports.bind("wmilib.sys", "WmiFireEvent"), own);
    EXPECT_NE(machine.exports.bind("ntoskrnl.exe", "WmiFireEvent"), own);
    machine.exports.bind("wmilib.sys", "DbgPrint");
    machine.exports.bind("wmilib.sys", "WmiNoSuchThing");
    EXPECT_THAT(machine.exports.missing(),
                ElementsAre("ntoskrnl.exe!WmiFireEvent (an export of wmilib.sys)",
                            "wmilib.sys!DbgPrint (an export of ntoskrnl.exe)", "wmilib.sys!WmiNoSuchThing"));
    EXPECT_EQ(machine.exports.system_routine("WmiFireEvent"), nullptr);
    EXPECT_STREQ(machine.exports.import("WmiFireEvent").dll, "wmilib.sys");
}

// An image whose only imports are of the wrong module.
// Shows: it is loaded, as any that asks for a service which is not there, and the slot holds a stop that says whose it is.
TEST(ldr_loader, a_driver_that_asks_the_wrong_module_is_told_the_right_one)
{
    Booted machine;
    BuiltImage image = image_of({ { "ntoskrnl.exe", { "WmiFireEvent" } }, { "WMILIB.SYS", { "WmiFireEvent" } } });
    auto result = machine.load("built.sys", image);
    ASSERT_TRUE(result) << result.bad().reason;
    ASSERT_EQ(result.module().imports().size(), 2u);
    EXPECT_EQ(result.module().imports()[0].served, Served::InAnotherModule);
    EXPECT_EQ(result.module().imports()[1].served, Served::Works);
    EXPECT_THAT(machine.exports.missing(), ElementsAre("ntoskrnl.exe!WmiFireEvent (an export of wmilib.sys)"));
}

// A gated stub and a straight one are called as a driver calls them.
TEST(ldr_loader, stubs_lead_to_bodies)
{
    using Routine = int32_t(__attribute__((ms_abi))*)();
    for (auto binding : { ke::Binding::Bare, ke::Binding::Observed, ke::Binding::Verified }) {
        Booted machine(binding);
        int32_t gated = 0, straight = 0;
        auto a = reinterpret_cast<Routine>(machine.exports.bind("ntoskrnl.exe", "DbgPrint"));
        auto b = reinterpret_cast<Routine>(machine.exports.bind("ntoskrnl.exe", "KeQueryPerformanceCounter"));
        machine.core.thread([&] {
            gated = a();
            straight = b();
        });
        EXPECT_EQ(machine.core.run(), ke::Stop::Quiet);
        EXPECT_EQ(gated, 42);
        EXPECT_EQ(straight, 42);
    }
}

TEST(ldr_loader, sets_the_security_cookie)
{
    Booted machine;
    BuiltImage image = PeBuilder().build();
    uint64_t first = 0;
    for (char const* name : { "a.sys", "b.sys" }) {
        auto result = machine.load(name, image);
        ASSERT_TRUE(result);
        uint64_t const cookie = slot(result.module(), image.rva["cookie"]);
        EXPECT_NE(cookie, test::pe::kDefaultSecurityCookie);
        EXPECT_NE(cookie, 0u);
        EXPECT_EQ(cookie >> 48, 0u);
        EXPECT_NE(cookie, first);
        first = cookie;
    }
}

// Load, unload, load again.
// Shows: the range is never used again, frames are; the old range is known as unloaded.
TEST(ldr_loader, ranges_are_never_used_again)
{
    Booted machine;
    BuiltImage image = PeBuilder().build();
    size_t const free_before = machine.core.memory.free_pages();
    Module& first = machine.load("built.sys", image).module();
    EXPECT_FALSE(machine.load("BUILT.sys", image)) << "a second one of the same name";
    uintptr_t const old_base = first.base();
    machine.loader.discard_init(first);
    machine.loader.unload(first);
    EXPECT_EQ(machine.core.memory.free_pages(), free_before);
    EXPECT_FALSE(machine.core.kernel.images().find(old_base));
    EXPECT_TRUE(machine.core.kernel.images().find_unloaded(old_base));
    Module& second = machine.load("built.sys", image).module();
    EXPECT_GE(second.base(), old_base + first.size());
    EXPECT_EQ(second.base() % 0x10000, 0u);
    EXPECT_EQ(machine.loader.find("built.sys"), &second);
    EXPECT_EQ(machine.loader.find_at(old_base), nullptr);
}

// One driver exports what another one imports: by name, by ordinal, forwarded.
TEST(ldr_loader, export_drivers)
{
    Booted machine;
    auto library = image_of({}, "lib.sys", { { "Answer", "" }, { "Forwarded", "ntoskrnl.DbgPrint" } });
    auto user = image_of({ { "LIB.SYS", { "Answer", "#1", "Forwarded" } } });
    Folder folder;
    folder.files["LIB.SYS"] = library;
    auto result = machine.load("user.sys", user, &folder);
    ASSERT_TRUE(result) << result.bad().reason;
    ASSERT_EQ(machine.loader.newly_loaded().size(), 2u);
    Module& lib = *machine.loader.newly_loaded()[0];
    EXPECT_EQ(lib.name(), "LIB.SYS");
    uint32_t const slots = user.rva["first slots"];
    EXPECT_EQ(slot(result.module(), slots), reinterpret_cast<uint64_t>(lib.exported("Answer")));
    EXPECT_EQ(slot(result.module(), slots + 8), reinterpret_cast<uint64_t>(lib.exported("Answer")));
    EXPECT_EQ(slot(result.module(), slots + 16), reinterpret_cast<uint64_t>(machine.exports.stub_for("DbgPrint")));
    ASSERT_TRUE(machine.loader.why_not_unload(lib));
    EXPECT_EQ(machine.loader.why_not_unload(lib)->reason, "user.sys still imports from it");
    machine.loader.unload(result.module());
    EXPECT_FALSE(machine.loader.why_not_unload(lib));
}

TEST(ldr_loader, refusals_are_sentences)
{
    Booted machine;
    auto library = image_of({}, "lib.sys", { { "Answer", "" } });
    ASSERT_TRUE(machine.load("lib.sys", library));
    auto missing = machine.load("user.sys", image_of({ { "lib.sys", { "Question" } } }));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.bad().reason, "it imports Question from lib.sys, which does not export it");
    EXPECT_EQ(missing.bad().status, 0xC0000263u);

    std::byte const rubbish[64] {};
    EXPECT_FALSE(machine.loader.load("rubbish.sys", "", rubbish));
    PeBuilder program;
    program.subsystem = 3;
    auto not_a_driver = machine.load("program.exe", program.build());
    ASSERT_FALSE(not_a_driver);
    EXPECT_THAT(not_a_driver.bad().reason, HasSubstr("not a driver"));
    // Nothing of the refused ones stays.
    EXPECT_EQ(machine.loader.modules().size(), 1u);
}

// a.sys and b.sys import from each other.
TEST(ldr_loader, circles_are_one_clear_error)
{
    Booted machine;
    Folder folder;
    folder.files["a.sys"] = image_of({ { "b.sys", { "B" } } }, "a.sys", { { "A", "" } });
    folder.files["b.sys"] = image_of({ { "a.sys", { "A" } } }, "b.sys", { { "B", "" } });
    auto result = machine.load("a.sys", folder.files["a.sys"], &folder);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.bad().reason, "a.sys imports from b.sys, b.sys imports from a.sys: a circle");
    EXPECT_TRUE(machine.loader.modules().empty());

    // A dependency that is no driver takes the one who needs it with it.
    folder.files["b.sys"].bytes.resize(10);
    auto broken = machine.load("a.sys", folder.files["a.sys"], &folder);
    ASSERT_FALSE(broken);
    EXPECT_THAT(broken.bad().reason, HasSubstr("a.sys imports from b.sys, which cannot be loaded: "));
}

// An import from a driver that is nowhere to be found.
TEST(ldr_loader, unknown_modules_are_named_stops)
{
    Booted machine;
    auto result = machine.load("user.sys", image_of({ { "wdfldr.sys", { "WdfVersionBind" } } }));
    ASSERT_TRUE(result);
    EXPECT_THAT(machine.exports.missing(), ElementsAre("wdfldr.sys!WdfVersionBind"));
    using Routine = void(__attribute__((ms_abi))*)();
    auto routine = reinterpret_cast<Routine>(machine.exports.bind("wdfldr.sys", "WdfVersionBind"));
    machine.core.thread([&] { routine(); });
    EXPECT_EQ(machine.core.run(), ke::Stop::BugCheck);
    ASSERT_TRUE(machine.core.kernel.crash());
    EXPECT_EQ(machine.core.kernel.crash()->kind, ke::EndKind::MissingService);
    EXPECT_EQ(machine.core.kernel.crash()->service, "wdfldr.sys!WdfVersionBind");
}

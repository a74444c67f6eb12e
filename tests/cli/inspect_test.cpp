// SPDX-License-Identifier: MIT
// `ringside inspect` and `ringside ddi`.
#include "program.h"

#include <nlohmann/json.hpp>

namespace ringside::test {

using Json = nlohmann::json;

TEST(Inspect, ForAPerson)
{
    Said said = ringside({ "inspect", driver("ioctl") });
    EXPECT_EQ(said.code, 0);
    EXPECT_EQ(said.err, "");
    for (char const* line :
         { "machine   x64, native (a driver)\n", "checksum  0x", ", right\n", "signature not signed\n",
           "section   .text ", "r-x, discarded after DriverEntry\n", "imports   ntoskrnl.exe: ", "exports   none\n",
           "oldest    win10-2004, for ExAllocatePool2\n" })
        EXPECT_NE(said.out.find(line), std::string::npos) << line << said.out;
}

TEST(Inspect, ForAProgram)
{
    Json file = Json::parse(ringside({ "inspect", driver("ioctl"), "--json" }).out);
    EXPECT_EQ(file.at("machine"), "x64");
    EXPECT_EQ(file.at("driver"), true);
    EXPECT_EQ(file.at("checksum_ok"), true);
    EXPECT_EQ(file.at("signature"), "none");
    EXPECT_EQ(file.at("oldest_windows"), "win10-2004");
    EXPECT_EQ(file.at("oldest_because"), Json::array({ "ExAllocatePool2" }));
    EXPECT_EQ(file.at("imports").at(0).at("dll"), "ntoskrnl.exe");
    EXPECT_EQ(file.at("sections").at(0).at("name"), ".text");
    EXPECT_EQ(file.at("unknown"), Json::array());
}

// What a profile's Windows does not have is missing there, with the reason.
TEST(Inspect, AnOlderWindows)
{
    Said said = ringside({ "inspect", driver("ioctl"), "--windows", "win7" });
    EXPECT_NE(said.out.find("missing ExAllocatePool2: win7 does not have it yet: since win10-2004\n"),
              std::string::npos)
        << said.out;
    EXPECT_NE(said.out.find("1 missing\n"), std::string::npos) << said.out;
}

// One byte of the code differs: the checksum tells.
TEST(Inspect, AWrongChecksum)
{
    std::string bytes = bytes_of_file(driver("ioctl"));
    bytes[0x600] ^= 1;
    TemporaryFile file("changed.sys", bytes);
    EXPECT_NE(ringside({ "inspect", file.path() }).out.find(", wrong: the file's is 0x"), std::string::npos);
}

TEST(DdiVerb, OneServiceAndAll)
{
    EXPECT_EQ(ringside({ "ddi", "KeSetEvent" }).out.rfind("name      ntoskrnl.exe!KeSetEvent\n", 0), 0u);
    Said all = ringside({ "ddi", "--list" });
    EXPECT_EQ(all.code, 0);
    EXPECT_NE(all.out.find("\nntoskrnl.exe KeSetEvent works\n"), std::string::npos);
    EXPECT_NE(all.out.find("\nntoskrnl.exe CcCopyRead missing\n"), std::string::npos);
    EXPECT_NE(last_line(all.out).find(" exports: "), std::string::npos);
}

TEST(DdiVerb, MissingAndUnknown)
{
    Said missing = ringside({ "ddi", "FltRegisterFilter" });
    EXPECT_NE(missing.out.find("works     no: Ringside does not have it\n"), std::string::npos) << missing.out;
    EXPECT_EQ(missing.code, 4);
    Said unknown = ringside({ "ddi", "KeSetEvent2" });
    EXPECT_EQ(unknown.err, "ringside: no service is named 'KeSetEvent2'\n");
    EXPECT_EQ(unknown.code, 1);
    EXPECT_NE(ringside({ "ddi", "ksetEVENT" }).code, 0);
    EXPECT_NE(ringside({ "ddi", "setevent" }).err.find("KeSetEvent"), std::string::npos);
}

} // namespace ringside::test

// SPDX-License-Identifier: MIT
// .reg files and the command line's short form: every kind of value, and one clear line for every mistake.
#include "boot.h"
#include "cm/reg_file.h"
#include "registry_text.h"

#include <gtest/gtest.h>

using namespace ringside;
using ringside::test::BootedKernel;
using ringside::test::tree;

namespace {

constexpr char kHeader[] = "Windows Registry Editor Version 5.00\r\n\r\n";

std::string import(cm::Registry& registry, std::string const& body)
{
    return cm::import_reg_file(registry, kHeader + body).value_or("");
}

std::string utf16(std::string const& text)
{
    std::string bytes = "\xFF\xFE";
    for (char c : text)
        bytes += { c, '\0' };
    return bytes;
}

} // namespace

// A file with everything the format has.
TEST(cm_reg_file, every_kind_of_value)
{
    BootedKernel boot;
    EXPECT_EQ(import(boot.rooms.registry,
                     "; a comment\r\n"
                     "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Ours]\r\n"
                     "@=\"top\"\r\n"
                     "\"a \\\"b\\\" \\\\c\"=dword:0000002A ; trailing\r\n"
                     "\"bin\"=hex:01,2,\\\r\n"
                     "  ff\r\n"
                     "\"expand\"=hex(2):25,00,00,00\r\n"
                     "\"multi\"=hex(7):61,00,00,00,00,00\r\n"
                     "\"quad\"=hex(b):01,00,00,00,00,00,00,00\r\n"
                     "\"none\"=hex(0):\r\n"
                     "\"odd type\"=hex(1234abcd):00\r\n"
                     "\r\n"
                     "[HKLM\\software\\OURS\\Sub [1]]\r\n"
                     "\"gone\"=dword:1\r\n"
                     "\"gone\"=-\r\n"
                     "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Ours\\Other]\r\n"
                     "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Ours\\Other]\r\n"
                     "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Never]"),
              "");
    EXPECT_EQ(tree(boot.rooms.registry.find(u"\\Registry\\Machine\\Software\\Ours")),
              "@=1:74006f0070000000\n"
              "a \"b\" \\c=4:2a000000\n"
              "bin=3:0102ff\n"
              "expand=2:25000000\n"
              "multi=7:610000000000\n"
              "quad=11:0100000000000000\n"
              "none=0:\n"
              "odd type=305441741:00\n"
              "[Sub [1]]\n");
}

// The same text in the encodings that regedit and editors write.
TEST(cm_reg_file, encodings)
{
    BootedKernel boot;
    std::string const text = std::string(kHeader) + "[HKLM\\SOFTWARE\\E]\r\n\"x\"=\"y\"\r\n";
    for (auto const& bytes : { text, "\xEF\xBB\xBF" + text, utf16(text) }) {
        EXPECT_EQ(cm::import_reg_file(boot.rooms.registry, bytes), std::nullopt);
        EXPECT_EQ(tree(boot.rooms.registry.find(u"\\Registry\\Machine\\Software\\E")), "x=1:79000000\n");
        boot.rooms.registry.delete_tree(*boot.rooms.registry.find(u"\\Registry\\Machine\\Software\\E"));
    }
    // Beyond ASCII, and beyond 16 bits.
    EXPECT_EQ(import(boot.rooms.registry, "[HKLM\\SOFTWARE\\E]\n@=\"\xC3\xBC\xF0\x9F\x98\x80\"\n"), "");
    EXPECT_EQ(tree(boot.rooms.registry.find(u"\\Registry\\Machine\\Software\\E")), "@=1:fc003dd800de0000\n");
}

// Every mistake, with its line.
// Shows: a file with a mistake changes nothing.
TEST(cm_reg_file, mistakes_are_named_by_line)
{
    BootedKernel boot;
    auto const before = tree(&boot.rooms.registry.root());
    auto whole = [&](std::string const& text) { return cm::import_reg_file(boot.rooms.registry, text).value_or(""); };
    EXPECT_EQ(whole(""), "line 1: the first line must be \"Windows Registry Editor Version 5.00\"");
    EXPECT_EQ(whole("REGEDIT4\n"),
              "line 1: this is a REGEDIT4 file; export it again as \"Windows Registry Editor Version 5.00\"");
    EXPECT_EQ(whole("Windows\n\xFF"), "line 2: neither UTF-8 nor UTF-16 with a byte order mark");
    EXPECT_EQ(whole("\xFF\xFE\x41"), "line 1: neither UTF-8 nor UTF-16 with a byte order mark");
    std::string const key = "[HKLM\\SOFTWARE\\Bad]\n";
    auto in_key = [&](std::string const& line) { return import(boot.rooms.registry, key + line + "\n"); };
    EXPECT_EQ(import(boot.rooms.registry, "\"a\"=dword:1\n"),
              "line 3: a value before any key (or after a deleted one)");
    EXPECT_EQ(import(boot.rooms.registry, "[HKLM\\X\n"), "line 3: a key line without ]");
    EXPECT_EQ(import(boot.rooms.registry, "[HKEY_MACHINE\\X]\n"), "line 3: unknown root key in [HKEY_MACHINE\\X]");
    EXPECT_EQ(import(boot.rooms.registry, "[HKLM\\X] y\n"), "line 3: unexpected text after ]: \"y\"");
    EXPECT_EQ(import(boot.rooms.registry, "[HKLM\\" + std::string(256, 'x') + "]\n"),
              "line 3: a key's name has more than 255 characters");
    EXPECT_EQ(in_key("a=dword:1"), "line 4: not a key, a value or a comment: \"a=dword:1\"");
    EXPECT_EQ(in_key("\"a\" dword:1"), "line 4: a value's name is followed by =");
    EXPECT_EQ(in_key("\"a"), "line 4: a string without its closing quote");
    EXPECT_EQ(in_key("\"a\"=\"\\x\""), "line 4: unknown escape \\x in a string");
    EXPECT_EQ(in_key("\"a\"=word:1"), "line 4: not a value (\"text\", dword:, hex:, hex(n): or -): \"word:1\"");
    EXPECT_EQ(in_key("\"a\"=dword:"), "line 4: dword: takes one to eight hexadecimal digits");
    EXPECT_EQ(in_key("\"a\"=dword:123456789"), "line 4: dword: takes one to eight hexadecimal digits");
    EXPECT_EQ(in_key("\"a\"=hex(x):1"), "line 4: hex( takes a type of one to eight hexadecimal digits and )");
    EXPECT_EQ(in_key("\"a\"=hex 1"), "line 4: hex is followed by : or (type):");
    EXPECT_EQ(in_key("\"a\"=hex:123"), "line 4: a byte has one or two hexadecimal digits");
    EXPECT_EQ(in_key("\"a\"=hex:1,\\2"), "line 4: a backslash continues a line only at its end");
    EXPECT_EQ(in_key("\"a\"=hex:1 2"), "line 4: unexpected text after a value");
    EXPECT_EQ(tree(&boot.rooms.registry.root()), before);
}

// --reg on the command line.
TEST(cm_reg_file, short_form)
{
    BootedKernel boot;
    boot.rooms.registry.make_service(u"toaster", u"\\SystemRoot\\System32\\drivers\\toaster.sys");
    auto assign = [&](char const* text) { return cm::assign(boot.rooms.registry, u"toaster", text).value_or(""); };
    EXPECT_EQ(assign("Parameters\\Slots=dword:2"), "");
    EXPECT_EQ(assign("Parameters\\Deep\\er\\@=\"x\""), "");
    EXPECT_EQ(assign("Tag=hex(b):1"), "");
    EXPECT_EQ(assign("Start=-"), "");
    EXPECT_EQ(assign("HKLM\\SOFTWARE\\Anywhere\\V=dword:1"), "");
    auto const service = tree(boot.rooms.registry.find(boot.rooms.registry.service_path(u"toaster")));
    EXPECT_NE(service.find("Tag=11:01\n"), std::string::npos) << service;
    EXPECT_EQ(service.find("Start="), std::string::npos) << service;
    EXPECT_NE(service.find("[Parameters]\n  Slots=4:02000000\n  [Deep]\n    [er]\n      @=1:78000000\n"),
              std::string::npos)
        << service;
    EXPECT_EQ(tree(boot.rooms.registry.find(u"\\Registry\\Machine\\Software\\Anywhere")), "V=4:01000000\n");
    EXPECT_EQ(assign("Parameters"), "expected key\\name=value");
    EXPECT_EQ(assign("Parameters\\=dword:1"), "a value's name is missing (@ is the key's default value)");
    EXPECT_EQ(assign("HKEY_NOWHERE\\a=dword:1"), "unknown root key in HKEY_NOWHERE");
    EXPECT_EQ(assign("a=1"), "not a value (\"text\", dword:, hex:, hex(n): or -): \"1\"");
    EXPECT_EQ(assign("a=dword:1 x"), "unexpected text after a value");
}

// The control set that everything hangs on is deleted.
// Shows: its link then leads nowhere, and says so.
TEST(cm_reg_file, a_link_to_a_deleted_key)
{
    BootedKernel boot;
    EXPECT_EQ(import(boot.rooms.registry, "[-HKLM\\SYSTEM\\ControlSet001]\n"), "");
    EXPECT_EQ(boot.rooms.registry.find(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services"), nullptr);
    EXPECT_EQ(import(boot.rooms.registry, "[HKLM\\SYSTEM\\CurrentControlSet\\X]\n"),
              "line 3: the key \\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\X cannot be made");
}

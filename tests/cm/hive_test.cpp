// SPDX-License-Identifier: MIT
// Hive files: written, read back and compared; every kind of damage refused with one line; .reg export.
#include "boot.h"
#include "cm/hive.h"
#include "cm/hive_format.h"
#include "cm/reg_file.h"
#include "ex/pool.h"
#include "registry_text.h"
#include "se/sddl.h"

#include <cstdio>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::tree;

namespace {

constexpr char16_t kOurs[] = u"\\REGISTRY\\MACHINE\\SOFTWARE\\Ours";

std::span<uint8_t const> bytes_of(std::u16string_view text)
{
    return { reinterpret_cast<uint8_t const*>(text.data()), text.size() * 2 };
}

// Every kind of thing that a hive can hold.
cm::Key& make_rich(cm::Registry& registry, std::u16string_view path, unsigned many = 1200)
{
    cm::Key& key = registry.make(path);
    registry.set_string(key, u"", u"default");
    registry.set_dword(key, u"Number", 0x11223344);
    static_cast<void>(registry.set_value(key, u"Nothing", REG_NONE, {}));
    static_cast<void>(registry.set_value(key, u"Odd", 0xFFFF'0001, bytes_of(u"ab").subspan(0, 3)));
    static_cast<void>(registry.set_value(key, u"\u2603 snow", REG_QWORD, bytes_of(u"abcd")));
    std::vector<uint8_t> large(50'000);
    for (size_t i = 0; i < large.size(); ++i)
        large[i] = static_cast<uint8_t>(i * 7 >> 3);
    static_cast<void>(registry.set_value(key, u"Large", REG_BINARY, large));
    registry.add_subkey(key, u"\u00C4hnlich", false, u"Its class");
    cm::Key& deep = registry.make(std::u16string(path) + u"\\\u4E16\u754C\\b\\c");
    registry.set_string(deep, u"Text", u"a \"quoted\" \\ text\n\u00FC", REG_EXPAND_SZ);
    registry.make_link(key, u"Link", std::u16string(path) + u"\\x", false);
    registry.add_subkey(key, u"Volatile", true);
    cm::Key& wide = registry.add_subkey(key, u"Wide", false);
    for (unsigned i = 0; i < many; ++i) {
        std::string const name = "k" + std::to_string(i);
        registry.set_dword(registry.add_subkey(wide, std::u16string(name.begin(), name.end()), false), u"i", i);
    }
    return key;
}

std::string without_volatile(std::string text)
{
    size_t const at = text.find("[Volatile]\n");
    return at == text.npos ? text : text.erase(at, 11);
}

uint32_t get(std::vector<uint8_t> const& bytes, size_t at)
{
    uint32_t value;
    std::memcpy(&value, bytes.data() + at, 4);
    return value;
}

void seal(std::vector<uint8_t>& bytes)
{
    auto* base = reinterpret_cast<cm::hive::BaseBlock*>(bytes.data());
    base->checksum = cm::hive::checksum_of(*base);
}

std::string refusal(std::vector<uint8_t> const& bytes)
{
    std::string error;
    return cm::read_hive(bytes, error).empty() ? error : "(accepted)";
}

bool has_hivex() { return std::system("command -v hivexget >/dev/null 2>&1") == 0; }

// A hive where other people's tool finds it.
class HiveFile {
public:
    explicit HiveFile(std::vector<uint8_t> const& bytes)
        : m_path(testing::TempDir() + "ringside_hive_test")
    {
        FILE* out = std::fopen(m_path.c_str(), "wb");
        std::fwrite(bytes.data(), 1, bytes.size(), out);
        std::fclose(out);
    }
    ~HiveFile() { std::remove(m_path.c_str()); }
    // What hivexget says of a key and a value.
    std::string ask(std::string const& what) const
    {
        std::string text;
        FILE* pipe = popen(("hivexget " + m_path + " " + what + " 2>&1").c_str(), "r");
        for (int c; (c = std::fgetc(pipe)) != EOF;)
            text += static_cast<char>(c);
        pclose(pipe);
        return text;
    }

private:
    std::string m_path;
};

} // namespace

// A key with everything in it is written, read into another machine, and written again.
// Shows: the same tree, classes and times; the same bytes the second time.
TEST(cm_hive, round_trip)
{
    std::vector<uint8_t> file;
    std::string expected;
    std::vector<int64_t> times;
    {
        BootedKernel boot;
        cm::Key& key = make_rich(boot.rooms.registry, kOurs);
        key.last_write = 0x01D5'0000'1234'5678;
        expected = without_volatile(tree(&key));
        file = cm::write_hive(key);
        EXPECT_EQ(file.size() % 0x1000, 0u);
    }
    BootedKernel boot;
    boot.run_on_thread([&] {
        cm::Registry& registry = boot.rooms.registry;
        registry.set_dword(kOurs, u"Was there before", 1);
        registry.make(std::u16string(kOurs) + u"\\So was this");
        EXPECT_EQ(cm::load_hive(registry, kOurs, file), std::nullopt);
        cm::Key* key = registry.find(kOurs);
        ASSERT_TRUE(key);
        EXPECT_EQ(tree(key), expected);
        EXPECT_EQ(key->last_write, 0x01D5'0000'1234'5678);
        EXPECT_EQ(key->subkey(u"\u00E4HNLICH")->class_name, u"Its class");
        EXPECT_TRUE(key->subkey(u"Link")->is_link);
        EXPECT_EQ(cm::write_hive(*key), file);
    });
}

// The hives that the machine itself has: all of SYSTEM and SOFTWARE.
// Shows: CurrentControlSet is made again after SYSTEM was replaced, as Select says, and a driver's key stands there.
TEST(cm_hive, system)
{
    BootedKernel boot;
    cm::Registry& registry = boot.rooms.registry;
    for (auto path : { u"\\REGISTRY\\MACHINE\\SYSTEM", u"\\REGISTRY\\MACHINE\\SOFTWARE" }) {
        std::string const before = tree(registry.find(path));
        EXPECT_EQ(cm::load_hive(registry, path, cm::write_hive(*registry.find(path))), std::nullopt);
        EXPECT_EQ(tree(registry.find(path)), before);
    }
    registry.set_dword(u"\\REGISTRY\\MACHINE\\SYSTEM\\Select", u"Current", 2);
    registry.make(u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet002\\Services");
    auto const file = cm::write_hive(*registry.find(u"\\REGISTRY\\MACHINE\\SYSTEM"));
    EXPECT_EQ(cm::load_hive(registry, u"\\REGISTRY\\MACHINE\\SYSTEM", file), std::nullopt);
    EXPECT_EQ(registry.service_path(u"x"), u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet002\\Services\\x");
    EXPECT_EQ(cm::load_hive(registry, u"\\REGISTRY\\MACHINE", file),
              "the key \\REGISTRY\\MACHINE is no place for a hive");
}

// Single damages, each with its line.
TEST(cm_hive, what_is_refused)
{
    BootedKernel boot;
    std::vector<uint8_t> const good = cm::write_hive(make_rich(boot.rooms.registry, kOurs, 3));
    EXPECT_EQ(refusal(good), "(accepted)");
    EXPECT_EQ(refusal({}), "too short for a hive: 0 bytes");
    EXPECT_EQ(refusal(std::vector<uint8_t>(0x2000)), "not a hive: it does not begin with \"regf\"");
    auto changed = [&](size_t at, uint32_t value, bool sealed = true) {
        std::vector<uint8_t> bytes = good;
        std::memcpy(bytes.data() + at, &value, 4);
        if (sealed)
            seal(bytes);
        return refusal(bytes);
    };
    EXPECT_EQ(changed(12, 1, false), "the base block's checksum is wrong");
    EXPECT_EQ(changed(20, 2), "a hive of version 2.5, which is unknown");
    EXPECT_EQ(changed(28, 1), "the log of a hive, not a hive");
    EXPECT_EQ(changed(4, 2), "it was not written to its end: its log files would be needed");
    EXPECT_EQ(changed(40, 0x1001), "bins of 4097 bytes do not fit the file");
    EXPECT_EQ(changed(36, 0x24), "cell 0x24: it refers to 0x24, where no cell is");
    EXPECT_EQ(changed(0x1000, 0), "bin 0x0: not the header of a bin");
    EXPECT_EQ(changed(0x1008, 0x10), "bin 0x0: a length of 0x10");
    EXPECT_EQ(changed(0x1020, 0), "cell 0x20: a length of 0");
    uint32_t const list = get(good, 0x1000 + 0x24 + 28);
    EXPECT_EQ(changed(0x1000 + list + 8, 0x20), "cell 0x20: it refers to 0x20, which is in use already"); // a ring
    EXPECT_EQ(changed(0x1000 + 0x24 + 20, 99), "cell 0x20: it has 99 subkeys, and its list 4");
}

// 20 000 broken hives, the same ones on every run.
// Shows: none crashes, hangs or leaks; each that is refused gets one line; each that is read can be attached and saved.
TEST(cm_hive, twenty_thousand_mutations)
{
    BootedKernel boot;
    cm::Registry& registry = boot.rooms.registry;
    cm::Key& key = registry.make(kOurs);
    registry.set_string(key, u"Text", u"words");
    registry.set_dword(key, u"Number", 7);
    static_cast<void>(registry.set_value(key, u"Large", REG_BINARY, std::vector<uint8_t>(17'000, 0x5A)));
    for (auto name : { u"One", u"Two", u"Three" })
        registry.set_string(registry.add_subkey(key, name, false, u"Cls"), u"\u2603", u"v");
    std::vector<uint8_t> const good = cm::write_hive(key);
    // Where the cells are that say something: not in the middle of the large value.
    size_t const interesting = 0x380;
    uint64_t state = 20'000;
    auto next = [&](uint64_t below) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<size_t>((state >> 33) % below);
    };
    unsigned refused = 0, accepted = 0;
    for (unsigned i = 0; i < 20'000; ++i) {
        std::vector<uint8_t> bytes = good;
        for (size_t changes = 1 + next(3); changes; --changes) {
            size_t const at = next(8) ? 0x1000 + next(interesting) : next(512);
            switch (next(5)) {
            case 0:
                bytes[at] = static_cast<uint8_t>(next(256));
                break;
            case 1:
                bytes[at] ^= static_cast<uint8_t>(1 << next(8));
                break;
            case 2: {
                uint32_t const value
                    = next(2) ? static_cast<uint32_t>(next(0x2000)) : 0u - static_cast<uint32_t>(next(64));
                std::memcpy(&bytes[at & ~size_t { 3 }], &value, 4);
                break;
            }
            case 3:
                std::memcpy(&bytes[at & ~size_t { 3 }], &bytes[(0x1000 + next(interesting)) & ~size_t { 3 }], 4);
                break;
            default:
                if (next(20) == 0)
                    bytes.resize(next(bytes.size()));
                break;
            }
            if (bytes.size() < 0x1000 + interesting)
                break;
        }
        if (bytes.size() >= 512 && next(10))
            seal(bytes);
        std::string error;
        auto keys = cm::read_hive(bytes, error);
        ASSERT_EQ(keys.empty(), !error.empty());
        ASSERT_EQ(error.find('\n'), error.npos);
        refused += keys.empty();
        accepted += !keys.empty();
        if (!keys.empty() && i % 8 == 0) {
            ASSERT_EQ(cm::attach_hive(registry, kOurs, keys), std::nullopt);
            std::string again;
            ASSERT_FALSE(cm::read_hive(cm::write_hive(*registry.find(kOurs)), again).empty()) << again;
        }
    }
    EXPECT_GT(refused, 5'000u);
    EXPECT_GT(accepted, 1'000u);
}

// Keys with descriptors of their own: given, or asked for; others have what the key above hands down.
// Shows: each reads back as it was, and so does what is below; equal ones share a cell; the same bytes the second time.
TEST(cm_hive, descriptors)
{
    auto words = [](cm::Key const* key) {
        return se::print_sddl(se::Descriptor(cm::descriptor_of(*key).data()), 0xF);
    };
    auto give = [](cm::Key& key, std::u16string_view sddl) {
        auto const bytes = se::parse_sddl(sddl)->relative();
        EXPECT_TRUE(cm::give_descriptor(key, bytes.data(), false).ok());
    };
    std::vector<uint8_t> file;
    std::u16string own, guarded, plain, above;
    {
        BootedKernel boot;
        boot.run_on_thread([&] {
            cm::Registry& registry = boot.rooms.registry;
            cm::Key& root = make_rich(registry, kOurs, 3);
            above = words(root.parent);
            give(root, u"O:BAG:SYD:P(A;CI;KA;;;BA)S:(ML;;NW;;;HI)");
            cm::Key& guard = registry.make(std::u16string(kOurs) + u"\\Guarded");
            give(guard, u"O:SYG:SYD:P(A;;KR;;;BU)");
            give(registry.make(std::u16string(kOurs) + u"\\Guarded too"), u"O:SYG:SYD:P(A;;KR;;;BU)");
            static_cast<void>(cm::descriptor_slot(*root.subkey(u"Wide"))); // asked for, and nothing else
            file = cm::write_hive(root);
            own = words(&root);
            guarded = words(&guard);
            plain = words(root.subkey(u"Wide")->subkey(u"k1"));
        });
    }
    EXPECT_EQ(guarded, u"O:SYG:SYD:P(A;;KR;;;BU)");
    EXPECT_NE(plain, above);
    size_t cells = 0;
    for (size_t at = 0x1000; at + 2 < file.size(); at += 4)
        cells += file[at] == 's' && file[at + 1] == 'k' && !file[at + 2] && !file[at + 3];
    EXPECT_EQ(cells, 3u) << "the root's, the guarded ones', and everybody else's";
    BootedKernel boot;
    boot.run_on_thread([&] {
        cm::Registry& registry = boot.rooms.registry;
        EXPECT_EQ(cm::load_hive(registry, kOurs, file), std::nullopt);
        cm::Key* root = registry.find(kOurs);
        EXPECT_EQ(words(root), own);
        EXPECT_EQ(words(root->subkey(u"Guarded")), guarded);
        EXPECT_EQ(words(root->subkey(u"Guarded too")), guarded);
        EXPECT_EQ(words(root->subkey(u"Wide")->subkey(u"k1")), plain);
        EXPECT_EQ(cm::write_hive(*root), file);
    });
    uint32_t const cell = get(file, 0x1000 + 0x24 + 44);
    auto changed = [&](size_t at, uint32_t value) {
        std::vector<uint8_t> bytes = file;
        std::memcpy(bytes.data() + at, &value, 4);
        return refusal(bytes);
    };
    EXPECT_EQ(refusal(file), "(accepted)");
    EXPECT_EQ(changed(0x1000 + 0x24 + 44, 0xFFFF'FFFF), "(accepted)") << "nothing said: what is above says it";
    EXPECT_EQ(changed(0x1000 + 0x24 + 44, 0x10), "cell 0x20: it refers to 0x10, where no cell is");
    EXPECT_THAT(changed(0x1000 + cell + 4, 'n' | 'k' << 8),
                testing::StartsWith("cell 0x20: it refers to 0x"));
    EXPECT_THAT(changed(0x1000 + cell + 4 + 16, 5000), testing::EndsWith("a descriptor of 5000 bytes does not fit"));
    EXPECT_THAT(changed(0x1000 + cell + 4 + 20 + 4, 5000), testing::EndsWith("not a sound security descriptor"));
    if (has_hivex()) {
        HiveFile const hive(file);
        EXPECT_EQ(hive.ask("'\\' Number"), "287454020\n");
        EXPECT_EQ(hive.ask("'\\Wide\\k2' i"), "2\n");
    }
}

// Pool is empty when a hive with descriptors is loaded.
// Shows: it is refused, and nothing of the key that was made for it is left.
TEST(cm_hive, descriptors_without_pool)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        cm::Registry& registry = boot.rooms.registry;
        cm::Key& root = registry.make(kOurs);
        auto const bytes = se::parse_sddl(u"O:SYG:SYD:P(A;;KR;;;BU)")->relative();
        ASSERT_TRUE(cm::give_descriptor(root, bytes.data(), false).ok());
        auto const file = cm::write_hive(root);
        registry.delete_tree(root);
        std::vector<void*> taken;
        for (size_t size = 0x10000; size; size = size > 1024 ? size / 2 : size - 16)
            while (void* block = ex::allocate(PagedPool, size, 'lluF', ex::Owner::Kernel, false))
                taken.push_back(block);
        auto const refused = cm::load_hive(registry, kOurs, file);
        for (void* block : taken)
            ex::free(block, 'lluF');
        EXPECT_EQ(refused, std::string(cm::kNoPool));
        EXPECT_EQ(registry.find(kOurs), nullptr);
        EXPECT_EQ(cm::load_hive(registry, kOurs, file), std::nullopt);
    });
}

// Our hive in other people's tool, where it is installed.
TEST(cm_hive, opens_with_hivexsh)
{
    if (!has_hivex())
        GTEST_SKIP() << "hivexget (libhivex-bin) is not installed";
    BootedKernel boot;
    HiveFile const file(cm::write_hive(make_rich(boot.rooms.registry, kOurs)));
    EXPECT_EQ(file.ask("'\\' Number"), "287454020\n");
    EXPECT_EQ(file.ask("'\\Wide\\k1199' i"), "1199\n");
    EXPECT_EQ(file.ask("'\\' Large | wc -c"), "50000\n");
}

// A tree is exported as .reg, imported elsewhere, and exported again.
TEST(cm_reg_file, export_round_trip)
{
    std::string text, expected;
    {
        BootedKernel boot;
        cm::Key& key = make_rich(boot.rooms.registry, kOurs, 20);
        boot.rooms.registry.delete_key(*key.subkey(u"Link")).ok();
        static_cast<void>(boot.rooms.registry.set_value(key, u"No zero", REG_SZ, bytes_of(u"text")));
        expected = tree(&key);
        text = cm::export_reg_file(key);
    }
    BootedKernel boot;
    EXPECT_EQ(cm::import_reg_file(boot.rooms.registry, text), std::nullopt);
    EXPECT_EQ(tree(boot.rooms.registry.find(kOurs)), expected);
    EXPECT_EQ(cm::export_reg_file(*boot.rooms.registry.find(kOurs)), text);
    EXPECT_NE(text.find("\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Ours\\Wide\\k0]\r\n\"i\"=dword:00000000\r\n"), text.npos);
}

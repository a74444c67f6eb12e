// SPDX-License-Identifier: MIT
// What a freshly booted machine has in its registry: the keys that drivers look for, and the few values that say which
// Windows this is. Whatever else a driver wants there comes with --reg.
#include "cm/registry.h"

#include <string>

namespace ringside::cm {

using namespace nt;

namespace {

std::u16string decimal(uint32_t number)
{
    std::string const digits = std::to_string(number);
    return { digits.begin(), digits.end() };
}

} // namespace

void Registry::make_skeleton(unsigned processors)
{
    for (auto path : {
             u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\Class",
             u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\DeviceClasses",
             u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\Session Manager\\Memory Management",
             u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Enum\\Root",
             u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Hardware Profiles\\Current",
             u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services",
             u"\\REGISTRY\\MACHINE\\SOFTWARE\\Classes",
             u"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
             u"\\REGISTRY\\USER\\.DEFAULT",
         })
        make(path);
    add_subkey(*find(u"\\REGISTRY\\MACHINE\\SYSTEM"), u"CurrentControlSet", true).link
        = u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001";
    for (auto name : { u"Current", u"Default", u"LastKnownGood" })
        set_dword(u"\\REGISTRY\\MACHINE\\SYSTEM\\Select", name, 1);

    // Made at every boot, so volatile, with everything below it.
    Key& hardware = add_subkey(*find(u"\\REGISTRY\\MACHINE"), u"HARDWARE", true);
    for (auto path : { u"DESCRIPTION\\System\\CentralProcessor", u"DEVICEMAP", u"RESOURCEMAP" })
        static_cast<void>(walk(hardware, path, Missing::CreateAll, Links::Follow, true));
    for (unsigned i = 0; i < processors; ++i)
        make(u"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\" + decimal(i));

    WindowsProfile const& profile = windows_profile(m_windows);
    std::u16string const current = u"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    // Since Windows 8.1 this version number stands still; the new values beside it tell the truth.
    bool const is_10 = profile.major >= 10;
    set_string(current, u"CurrentVersion",
               is_10 ? std::u16string(u"6.3") : decimal(profile.major) + u"." + decimal(profile.minor));
    set_string(current, u"CurrentBuild", decimal(profile.build));
    set_string(current, u"CurrentBuildNumber", decimal(profile.build));
    set_string(current, u"CurrentType", u"Multiprocessor Free");
    set_string(current, u"SystemRoot", u"C:\\Windows");
    if (is_10) {
        set_dword(current, u"CurrentMajorVersionNumber", profile.major);
        set_dword(current, u"CurrentMinorVersionNumber", profile.minor);
    }
}

} // namespace ringside::cm

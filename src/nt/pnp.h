// SPDX-License-Identifier: MIT
// Plug and Play: relations, identifiers, capabilities, interfaces and notifications.
#pragma once

#include "nt/basic.h"
#include "nt/callbacks.h"
#include "nt/po.h"

namespace ringside::nt {

enum DEVICE_RELATION_TYPE : int32_t {
    BusRelations, EjectionRelations, PowerRelations, RemovalRelations, TargetDeviceRelation, SingleBusRelations,
    TransportRelations,
};

enum BUS_QUERY_ID_TYPE : int32_t {
    BusQueryDeviceID, BusQueryHardwareIDs, BusQueryCompatibleIDs, BusQueryInstanceID, BusQueryDeviceSerialNumber,
    BusQueryContainerID,
};

enum DEVICE_TEXT_TYPE : int32_t { DeviceTextDescription, DeviceTextLocationInformation };

enum DEVICE_USAGE_NOTIFICATION_TYPE : int32_t {
    DeviceUsageTypeUndefined, DeviceUsageTypePaging, DeviceUsageTypeHibernation, DeviceUsageTypeDumpFile,
    DeviceUsageTypeBoot, DeviceUsageTypePostDisplay, DeviceUsageTypeGuestAssigned,
};

enum DEVICE_REMOVAL_POLICY : int32_t {
    RemovalPolicyExpectNoRemoval = 1, RemovalPolicyExpectOrderlyRemoval, RemovalPolicyExpectSurpriseRemoval,
};

enum DEVICE_REGISTRY_PROPERTY : int32_t {
    DevicePropertyDeviceDescription, DevicePropertyHardwareID, DevicePropertyCompatibleIDs,
    DevicePropertyBootConfiguration, DevicePropertyBootConfigurationTranslated, DevicePropertyClassName,
    DevicePropertyClassGuid, DevicePropertyDriverKeyName, DevicePropertyManufacturer, DevicePropertyFriendlyName,
    DevicePropertyLocationInformation, DevicePropertyPhysicalDeviceObjectName, DevicePropertyBusTypeGuid,
    DevicePropertyLegacyBusType, DevicePropertyBusNumber, DevicePropertyEnumeratorName, DevicePropertyAddress,
    DevicePropertyUINumber, DevicePropertyInstallState, DevicePropertyRemovalPolicy,
    DevicePropertyResourceRequirements, DevicePropertyAllocatedResources, DevicePropertyContainerID,
};

struct REENUMERATE_SELF_INTERFACE_STANDARD {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PREENUMERATE_SELF SurpriseRemoveAndReenumerateSelf;
};
NT_SIZE(REENUMERATE_SELF_INTERFACE_STANDARD, 0x28); NT_OFFSET(REENUMERATE_SELF_INTERFACE_STANDARD, Size, 0x00);
NT_OFFSET(REENUMERATE_SELF_INTERFACE_STANDARD, Version, 0x02);
NT_OFFSET(REENUMERATE_SELF_INTERFACE_STANDARD, Context, 0x08);
NT_OFFSET(REENUMERATE_SELF_INTERFACE_STANDARD, InterfaceReference, 0x10);
NT_OFFSET(REENUMERATE_SELF_INTERFACE_STANDARD, InterfaceDereference, 0x18);
NT_OFFSET(REENUMERATE_SELF_INTERFACE_STANDARD, SurpriseRemoveAndReenumerateSelf, 0x20);

struct BUS_INTERFACE_STANDARD {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PTRANSLATE_BUS_ADDRESS TranslateBusAddress;
    PGET_DMA_ADAPTER GetDmaAdapter;
    PGET_SET_DEVICE_DATA SetBusData;
    PGET_SET_DEVICE_DATA GetBusData;
};
NT_SIZE(BUS_INTERFACE_STANDARD, 0x40); NT_OFFSET(BUS_INTERFACE_STANDARD, Size, 0x00);
NT_OFFSET(BUS_INTERFACE_STANDARD, Version, 0x02); NT_OFFSET(BUS_INTERFACE_STANDARD, Context, 0x08);
NT_OFFSET(BUS_INTERFACE_STANDARD, InterfaceReference, 0x10);
NT_OFFSET(BUS_INTERFACE_STANDARD, InterfaceDereference, 0x18);
NT_OFFSET(BUS_INTERFACE_STANDARD, TranslateBusAddress, 0x20); NT_OFFSET(BUS_INTERFACE_STANDARD, GetDmaAdapter, 0x28);
NT_OFFSET(BUS_INTERFACE_STANDARD, SetBusData, 0x30); NT_OFFSET(BUS_INTERFACE_STANDARD, GetBusData, 0x38);

struct DEVICE_CAPABILITIES {
    USHORT Size;
    USHORT Version;
    ULONG DeviceD1 : 1;
    ULONG DeviceD2 : 1;
    ULONG LockSupported : 1;
    ULONG EjectSupported : 1;
    ULONG Removable : 1;
    ULONG DockDevice : 1;
    ULONG UniqueID : 1;
    ULONG SilentInstall : 1;
    ULONG RawDeviceOK : 1;
    ULONG SurpriseRemovalOK : 1;
    ULONG WakeFromD0 : 1;
    ULONG WakeFromD1 : 1;
    ULONG WakeFromD2 : 1;
    ULONG WakeFromD3 : 1;
    ULONG HardwareDisabled : 1;
    ULONG NonDynamic : 1;
    ULONG WarmEjectSupported : 1;
    ULONG NoDisplayInUI : 1;
    ULONG Reserved : 14;
    ULONG Address;
    ULONG UINumber;
    DEVICE_POWER_STATE DeviceState[7];
    SYSTEM_POWER_STATE SystemWake;
    DEVICE_POWER_STATE DeviceWake;
    ULONG D1Latency;
    ULONG D2Latency;
    ULONG D3Latency;
};
NT_SIZE(DEVICE_CAPABILITIES, 0x40); NT_OFFSET(DEVICE_CAPABILITIES, Size, 0x00);
NT_OFFSET(DEVICE_CAPABILITIES, Version, 0x02); NT_OFFSET(DEVICE_CAPABILITIES, Address, 0x08);
NT_OFFSET(DEVICE_CAPABILITIES, UINumber, 0x0c); NT_OFFSET(DEVICE_CAPABILITIES, DeviceState, 0x10);
NT_OFFSET(DEVICE_CAPABILITIES, SystemWake, 0x2c); NT_OFFSET(DEVICE_CAPABILITIES, DeviceWake, 0x30);
NT_OFFSET(DEVICE_CAPABILITIES, D1Latency, 0x34); NT_OFFSET(DEVICE_CAPABILITIES, D2Latency, 0x38);
NT_OFFSET(DEVICE_CAPABILITIES, D3Latency, 0x3c);

struct DEVICE_INTERFACE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    GUID InterfaceClassGuid;
    UNICODE_STRING* SymbolicLinkName;
};
NT_SIZE(DEVICE_INTERFACE_CHANGE_NOTIFICATION, 0x30); NT_OFFSET(DEVICE_INTERFACE_CHANGE_NOTIFICATION, Version, 0x00);
NT_OFFSET(DEVICE_INTERFACE_CHANGE_NOTIFICATION, Size, 0x02);
NT_OFFSET(DEVICE_INTERFACE_CHANGE_NOTIFICATION, Event, 0x04);
NT_OFFSET(DEVICE_INTERFACE_CHANGE_NOTIFICATION, InterfaceClassGuid, 0x14);
NT_OFFSET(DEVICE_INTERFACE_CHANGE_NOTIFICATION, SymbolicLinkName, 0x28);

struct HWPROFILE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
};
NT_SIZE(HWPROFILE_CHANGE_NOTIFICATION, 0x14); NT_OFFSET(HWPROFILE_CHANGE_NOTIFICATION, Version, 0x00);
NT_OFFSET(HWPROFILE_CHANGE_NOTIFICATION, Size, 0x02); NT_OFFSET(HWPROFILE_CHANGE_NOTIFICATION, Event, 0x04);

struct INTERFACE {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
};
NT_SIZE(INTERFACE, 0x20); NT_OFFSET(INTERFACE, Size, 0x00); NT_OFFSET(INTERFACE, Version, 0x02);
NT_OFFSET(INTERFACE, Context, 0x08); NT_OFFSET(INTERFACE, InterfaceReference, 0x10);
NT_OFFSET(INTERFACE, InterfaceDereference, 0x18);

struct PLUGPLAY_NOTIFICATION_HEADER {
    USHORT Version;
    USHORT Size;
    GUID Event;
};
NT_SIZE(PLUGPLAY_NOTIFICATION_HEADER, 0x14); NT_OFFSET(PLUGPLAY_NOTIFICATION_HEADER, Version, 0x00);
NT_OFFSET(PLUGPLAY_NOTIFICATION_HEADER, Size, 0x02); NT_OFFSET(PLUGPLAY_NOTIFICATION_HEADER, Event, 0x04);

struct TARGET_DEVICE_CUSTOM_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    FILE_OBJECT* FileObject;
    LONG NameBufferOffset;
    UCHAR CustomDataBuffer[1];
};
NT_SIZE(TARGET_DEVICE_CUSTOM_NOTIFICATION, 0x28); NT_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, Version, 0x00);
NT_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, Size, 0x02); NT_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, Event, 0x04);
NT_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, FileObject, 0x18);
NT_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, NameBufferOffset, 0x20);
NT_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer, 0x24);

struct TARGET_DEVICE_REMOVAL_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    FILE_OBJECT* FileObject;
};
NT_SIZE(TARGET_DEVICE_REMOVAL_NOTIFICATION, 0x20); NT_OFFSET(TARGET_DEVICE_REMOVAL_NOTIFICATION, Version, 0x00);
NT_OFFSET(TARGET_DEVICE_REMOVAL_NOTIFICATION, Size, 0x02); NT_OFFSET(TARGET_DEVICE_REMOVAL_NOTIFICATION, Event, 0x04);
NT_OFFSET(TARGET_DEVICE_REMOVAL_NOTIFICATION, FileObject, 0x18);

struct DEVICE_RELATIONS {
    ULONG Count;
    DEVICE_OBJECT* Objects[1];
};
NT_SIZE(DEVICE_RELATIONS, 0x10); NT_OFFSET(DEVICE_RELATIONS, Count, 0x00); NT_OFFSET(DEVICE_RELATIONS, Objects, 0x08);

using DEVPROPGUID = GUID;
using DEVPROPID = ULONG;
using DEVPROPTYPE = ULONG;

struct DEVPROPKEY {
    DEVPROPGUID fmtid;
    DEVPROPID pid;
};
NT_SIZE(DEVPROPKEY, 0x14); NT_OFFSET(DEVPROPKEY, fmtid, 0x00); NT_OFFSET(DEVPROPKEY, pid, 0x10);

// Device states and options of a registration.
inline constexpr ULONG DEVICE_INTERFACE_INCLUDE_NONACTIVE = 1;
inline constexpr ULONG
    PNP_DEVICE_DISABLED = 1, PNP_DEVICE_DONT_DISPLAY_IN_UI = 2, PNP_DEVICE_FAILED = 4, PNP_DEVICE_REMOVED = 8,
    PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED = 0x10, PNP_DEVICE_NOT_DISABLEABLE = 0x20;
inline constexpr ULONG PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES = 1;

} // namespace ringside::nt

"""Attendance. The official SDK has no models of these events."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from .base import Detail, NoticeEvent


class AttendanceUserFlowCreatedEventDetail(Detail):
    """``event`` of :class:`AttendanceUserFlowCreatedEvent`."""

    bssid: str = ""
    check_time: str = ""
    comment: str = ""
    employee_id: str = ""
    employee_no: str = ""
    is_field: bool | None = None
    is_wifi: bool | None = None
    latitude: float | None = None
    location_name: str = ""
    longitude: float | None = None
    photo_urls: list[str] = Field(default_factory=list[str])
    record_id: str = ""
    ssid: str = ""
    type: int | None = None


class AttendanceUserFlowCreatedEvent(NoticeEvent):
    """A user clocked in or out (打卡流水事件, ``attendance.user_flow.created_v1``)."""

    __event__: ClassVar[str] = "attendance.user_flow.created_v1"

    event: AttendanceUserFlowCreatedEventDetail = Field(default_factory=AttendanceUserFlowCreatedEventDetail)


class AttendanceUserTaskStatusDiff(Detail):
    """One status of a task, before and after."""

    before_status: str = ""
    before_supplement: str = ""
    current_status: str = ""
    current_supplement: str = ""
    index: int | None = None
    work_type: str = ""


class AttendanceUserTaskUpdatedEventDetail(Detail):
    """``event`` of :class:`AttendanceUserTaskUpdatedEvent`."""

    date: int | None = None
    employee_id: str = ""
    employee_no: str = ""
    group_id: str = ""
    shift_id: str = ""
    status_changes: list[AttendanceUserTaskStatusDiff] = Field(default_factory=list[AttendanceUserTaskStatusDiff])
    task_id: str = ""
    time_zone: str = ""


class AttendanceUserTaskUpdatedEvent(NoticeEvent):
    """A user's attendance result changed (用户任务状态变更事件, ``attendance.user_task.updated_v1``)."""

    __event__: ClassVar[str] = "attendance.user_task.updated_v1"

    event: AttendanceUserTaskUpdatedEventDetail = Field(default_factory=AttendanceUserTaskUpdatedEventDetail)

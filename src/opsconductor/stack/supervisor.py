"""The supervisor: starts services in order, waits until each works, restarts what ends, stops everything."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from opsconductor.stack import leftovers, offspring, probes, sockets
from opsconductor.stack.logfiles import LogFile, last_lines, path_of
from opsconductor.stack.problems import StackProblem
from opsconductor.stack.services import LISTEN_FD, UP, Service, Standing, State

FIRST_PAUSE = 0.5  # s before the first restart; doubled each time
LONGEST_PAUSE = 30.0  # s
CALM = 30.0  # s a service has to be up for its next crash to count as the first
TRIES_AT_START = 3  # a service that ends this often before it ever worked keeps the stack from starting
INSIST = 3.0  # s between SIGKILL and giving up

Watcher = Callable[[Service, Standing], None]


class Supervisor:
    """Looks after a list of services. One per data folder, in one event loop."""

    def __init__(self, services: Sequence[Service], logs: Path, record: Path) -> None:
        self.services = {service.name: service for service in services}
        self.standings = {service.name: Standing(since=time.time()) for service in services}
        self._logs = logs
        self._record = record
        self._up = {service.name: asyncio.Event() for service in services}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._watchers: list[Watcher] = []
        self._failure: asyncio.Future[None] | None = None  # what keeps the stack from starting
        self._stopping = False
        self._restart_now: dict[str, asyncio.Event] = {}

    def watch(self, watcher: Watcher) -> None:
        """Call this at each change of a service's state."""
        self._watchers.append(watcher)

    async def start(self) -> None:
        """Start everything; return once all of it works. Raises StackProblem, and stops everything, where it can't."""
        self._waves()  # who waits for whom must have an end
        self._failure = asyncio.get_running_loop().create_future()
        for service in self.services.values():
            self._keepers[service.name] = asyncio.create_task(self._keep(service))
        everything = asyncio.ensure_future(self._until_all_are_up())
        try:
            await asyncio.wait({everything, self._failure}, return_when=asyncio.FIRST_COMPLETED)
            if self._failure.done():
                await self._failure
        except BaseException:
            await self.stop()
            raise
        finally:
            everything.cancel()
            await asyncio.gather(everything, return_exceptions=True)

    async def _until_all_are_up(self) -> None:
        for event in self._up.values():
            await event.wait()

    async def stop(self) -> None:
        """Stop everything, the last first; whoever does not go is killed. Idempotent."""
        self._stopping = True
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        for wave in self._waves():
            await asyncio.gather(*(self._end(service) for service in wave))
        self._record.unlink(missing_ok=True)

    def _waves(self) -> list[list[Service]]:
        """Return the services in groups, each to be stopped before those it needs."""
        left = dict(self.services)
        waves = []
        while left:
            needed = {name for service in left.values() for name in service.after}
            wave = [service for name, service in left.items() if name not in needed]
            if not wave:
                raise StackProblem(f"These services wait for each other: {', '.join(left)}")
            waves.append(wave)
            for service in wave:
                del left[service.name]
        return waves

    async def add(self, service: Service) -> None:
        """Start one more service; return once it works. Raises StackProblem where it does not."""
        self.services[service.name] = service
        self.standings[service.name] = Standing(since=time.time())
        self._up[service.name] = asyncio.Event()
        self._keepers[service.name] = asyncio.create_task(self._keep(service))
        try:
            await asyncio.wait_for(self._up[service.name].wait(), service.start_seconds)
        except TimeoutError:
            raise StackProblem(
                f"{service.name} did not start; `./opsconductor logs {service.name}`"
            ) from None

    async def restart(self, name: str) -> None:
        """End a service; its keeper starts it again at once. Raises StackProblem where there is none to restart."""
        service = self.services.get(name)
        if service is None:
            raise StackProblem(f"There is no service {name}. There are: {', '.join(self.services)}")
        if service.once:
            raise StackProblem(f"{name} runs once, at the start: `./opsconductor down`, then `up`.")
        self._up[name].clear()
        self._restart_now[name].set()
        await self._end(service)

    async def _keep(self, service: Service) -> None:
        for name in service.after:
            await self._up[name].wait()
        pause, ended_early = FIRST_PAUSE, 0
        now = self._restart_now[service.name] = asyncio.Event()
        while True:
            began = time.monotonic()
            try:
                status = await self._run(service)
            except StackProblem as problem:
                self._fail(problem)
                return
            if service.once and status == 0:
                return
            worked = self.standings[service.name].ready_after is not None
            ended_early += not worked
            if service.once or ended_early >= TRIES_AT_START:
                self._give_up(service, status)
                return
            if time.monotonic() - began > CALM:
                pause = FIRST_PAUSE
            self._set(service, State.RESTARTING, restarts=self.standings[service.name].restarts + 1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(now.wait(), pause)
            pause = FIRST_PAUSE if now.is_set() else min(pause * 2, LONGEST_PAUSE)
            now.clear()

    async def _run(self, service: Service) -> int:
        """Run a service once, from start to end; return its exit status."""
        process = await self._spawn(service)
        pump = asyncio.create_task(self._pump(service, process))
        ended = asyncio.create_task(process.wait())
        try:
            if service.ready:
                await self._until_ready(service, ended)
            status = await asyncio.shield(ended)
        finally:
            if not ended.done():
                ended.cancel()
            if not self._stopping:
                self._up[service.name].clear()
        with contextlib.suppress(TimeoutError):  # a grandchild may hold the pipe open
            await asyncio.wait_for(pump, 1)
        if service.once and status == 0:
            self._set(service, State.DONE, pid=None, exit_status=0)
            self._up[service.name].set()
        else:
            self.standings[service.name].exit_status = status
        return status

    async def _spawn(self, service: Service) -> asyncio.subprocess.Process:
        if service.forget:
            service.forget.unlink(missing_ok=True)
        try:
            process = await self._begin(service)
        except OSError as error:
            raise StackProblem(f"{service.name} can't be started: {error.strerror}") from error
        self._processes[service.name] = process
        self._note_pids()
        self._set(service, State.STARTING, pid=process.pid)
        assert process.stdin is not None
        process.stdin.write(service.stdin)
        process.stdin.close()
        return process

    async def _begin(self, service: Service) -> asyncio.subprocess.Process:
        environment, handed = dict(service.environment), []
        with contextlib.ExitStack() as ours:
            if service.listen:
                listener = ours.enter_context(sockets.listening(service.listen))
                handed.append(listener.fileno())
                environment[LISTEN_FD] = str(listener.fileno())
            return await asyncio.create_subprocess_exec(
                *offspring.tied(service.command),
                env=environment,
                cwd=service.folder,
                pass_fds=handed,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                limit=1024 * 1024,
            )

    async def _until_ready(self, service: Service, ended: asyncio.Task[int]) -> None:
        assert service.ready is not None
        began = time.monotonic()
        asking = asyncio.create_task(probes.until(service.ready))
        await asyncio.wait(
            [asking, ended], timeout=service.start_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if asking.done() and not asking.cancelled():
            asking.result()
            self._set(service, State.READY, ready_after=round(time.monotonic() - began, 2))
            self._up[service.name].set()
            return
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        if not ended.done():  # it runs, and says nothing: treated like one that ended
            await self._end(service)

    async def _pump(self, service: Service, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        log = LogFile(path_of(self._logs, service.name))
        try:
            while chunk := await process.stdout.read(65536):
                log.write(chunk)
        finally:
            log.close()

    async def _end(self, service: Service) -> None:
        process = self._processes.get(service.name)
        if process is None or process.returncode is not None:
            self._left(service)
            return
        within = offspring.below(process.pid) if service.wrapped else []
        with contextlib.suppress(ProcessLookupError):
            os.kill(within[-1] if within else process.pid, service.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), service.stop_seconds)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), INSIST)
        self._left(service)

    def _left(self, service: Service) -> None:
        if self._stopping and self.standings[service.name].state not in (State.FAILED, State.DONE):
            self._set(service, State.STOPPED, pid=None)

    def _give_up(self, service: Service, status: int) -> None:
        self._set(service, State.FAILED, pid=None, exit_status=status)
        path = path_of(self._logs, service.name)
        lines = "\n".join(f"    {line}" for line in last_lines(path, 8))
        self._fail(
            StackProblem(
                f"{service.name} does not start (exit status {status}). Its last lines, from {path}:\n{lines}"
            )
        )

    def _fail(self, problem: StackProblem) -> None:
        assert self._failure is not None
        if not self._failure.done():
            self._failure.set_exception(problem)

    def _set(self, service: Service, state: State, **changes: object) -> None:
        standing = self.standings[service.name]
        standing.state, standing.since = state, time.time()
        for name, value in changes.items():
            setattr(standing, name, value)
        for watcher in self._watchers:
            watcher(service, standing)

    def _note_pids(self) -> None:
        running = [process.pid for process in self._processes.values() if process.returncode is None]
        leftovers.note(self._record, running)

    @property
    def all_up(self) -> bool:
        """Whether every service works."""
        return all(standing.state in UP for standing in self.standings.values())

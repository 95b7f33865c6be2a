"""A double of a MongoDB server, for the commands that jsonl-store uses, over its wire protocol.

    python3 mongodb.py PORT FOLDER

No server can be had where these tests run. This one takes OP_MSG (and OP_QUERY for the first greeting of old clients), reads and
writes BSON with pymongo's own `bson`, and is kept honest by pymongo and the official driver in Rust, which drive it. It is
strict: a command, a field of one or an operator that it does not know is an error.

What is acknowledged is on the disk, so it can be killed and started again. Faults are those of MongoDB's own fail point
(`configureFailPoint: "failCommand"`): `mode: {times: N}`, `data: {failCommands, errorCode, closeConnection, blockConnection,
blockTimeMS}`; and beyond the original `afterwards: true`, which carries the command out before it cuts the connection, and
`documents: TEXT`, which refuses with `errorCode` the documents of an update that hold TEXT.
"""
import datetime, os, socketserver, struct, sys, threading, time
import bson
from bson.codec_options import CodecOptions

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
FILE = os.path.join(FOLDER, "double.bson")
LOCK = threading.Lock()
OPTIONS = CodecOptions(tz_aware=True)
LARGEST = 16 << 20
GENERIC = {"$db", "lsid", "$clusterTime", "$readPreference", "apiVersion", "apiStrict", "comment", "maxTimeMS",
           "readConcern", "writeConcern"}
STATE, CURSORS, FAULTS, SEEN = {}, {}, [], []


class Refusal(Exception):
    def __init__(self, code, name, text):
        self.answer = {"ok": 0.0, "errmsg": text, "code": code, "codeName": name}


def load():
    if os.path.exists(FILE):
        with open(FILE, "rb") as file:
            for name, documents in bson.decode(file.read(), OPTIONS).items():
                STATE[name] = documents


def save():
    with open(FILE + ".new", "wb") as file:
        file.write(bson.encode(STATE))
        file.flush()
        os.fsync(file.fileno())
    os.replace(FILE + ".new", FILE)


def rank(value):
    """The kinds of values that are compared with each other."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def same(one, other):
    return rank(one) == rank(other) and one == other


def matches(document, query):
    for path, wanted in query.items():
        if path in ("$or", "$and"):
            if not isinstance(wanted, list) or not wanted:
                raise Refusal(2, "BadValue", path + " argument must be a non-empty array")
            if not (any if path == "$or" else all)(matches(document, one) for one in wanted):
                return False
            continue
        if path.startswith("$"):
            raise Refusal(2, "BadValue", "unknown top level operator: " + path)
        has, found = path in document, document.get(path)
        if not (isinstance(wanted, dict) and any(name.startswith("$") for name in wanted)):
            if not (same(found, wanted) or wanted is None and not has):
                return False
            continue
        for operator, operand in wanted.items():
            if operator == "$exists":
                fits = has == bool(operand)
            elif operator == "$in":
                fits = any(same(found, one) for one in operand)
            elif operator in ("$lt", "$lte", "$gt", "$gte"):
                fits = has and rank(found) == rank(operand) and {
                    "$lt": lambda: found < operand, "$lte": lambda: found <= operand,
                    "$gt": lambda: found > operand, "$gte": lambda: found >= operand}[operator]()
            else:
                raise Refusal(2, "BadValue", "unknown operator: " + operator)
            if not fits:
                return False
    return True


def check(command, *known):
    for name in command:
        if name not in GENERIC and name not in known:
            raise Refusal(40415, "Location40415", "BSON field '%s.%s' is an unknown field." % (next(iter(command)), name))


def store(documents, document):
    if "_id" not in document:
        document = {"_id": bson.ObjectId(), **document}
    if len(bson.encode(document)) > LARGEST:
        raise Refusal(10334, "BSONObjectTooLarge", "object to insert too large")
    if any(same(known["_id"], document["_id"]) for known in documents):
        error = Refusal(11000, "DuplicateKey", "E11000 duplicate key error collection: dup key: { _id: %r }" % document["_id"])
        error.answer.update(keyPattern={"_id": 1}, keyValue={"_id": document["_id"]})
        raise error
    documents.append(document)
    return document["_id"]


def write_error(at, refusal):
    return {"index": at, **{name: value for name, value in refusal.answer.items() if name not in ("ok", "codeName")}}


def each(items, ordered, act):
    """Carries out each, and gathers what went wrong."""
    errors = []
    for at, item in enumerate(items):
        try:
            act(at, item)
        except Refusal as refusal:
            errors.append(write_error(at, refusal))
            if ordered:
                break
    save()
    return {"writeErrors": errors} if errors else {}


def insert(command, documents):
    check(command, "insert", "documents", "ordered", "bypassDocumentValidation")
    done = []
    wrong = each(command["documents"], command.get("ordered", True), lambda at, item: done.append(store(documents, item)))
    return {"n": len(done), **wrong}


def update(command, documents, fault):
    check(command, "update", "updates", "ordered", "bypassDocumentValidation", "let")
    counts, upserted = {"n": 0, "nModified": 0}, []

    def one(at, item):
        for name in item:
            if name not in ("q", "u", "upsert", "multi", "collation", "hint"):
                raise Refusal(40415, "Location40415", "BSON field 'update.updates.%s' is an unknown field." % name)
        new = item["u"]
        if any(name.startswith("$") for name in new):
            raise Refusal(52, "DollarPrefixedFieldName", "The dollar ($) prefixed field is not allowed in the context of an update's replacement document")
        if fault and fault.get("documents", "\0") in repr(new):
            raise Refusal(fault["errorCode"], "Told", "as told")
        known = next((known for known in documents if matches(known, item["q"])), None)
        if known is not None:
            if "_id" in new and not same(new["_id"], known["_id"]):
                raise Refusal(66, "ImmutableField", "the (immutable) field '_id' was found to have been altered")
            whole = {"_id": known["_id"], **{name: value for name, value in new.items() if name != "_id"}}
            if len(bson.encode(whole)) > LARGEST:
                raise Refusal(10334, "BSONObjectTooLarge", "object to insert too large")
            counts["nModified"] += known != whole or list(known) != list(whole)
            known.clear()
            known.update(whole)
        elif item.get("upsert"):
            by = {"_id": item["q"]["_id"]} if "_id" in item["q"] else {}
            upserted.append({"index": at, "_id": store(documents, {**by, **new})})
        else:
            return
        counts["n"] += 1

    wrong = each(command["updates"], command.get("ordered", True), one)
    return {**counts, **({"upserted": upserted} if upserted else {}), **wrong}


def delete(command, documents):
    check(command, "delete", "deletes", "ordered", "let")
    gone = []

    def one(at, item):
        found = [document for document in documents if matches(document, item["q"])]
        for document in found[: item["limit"] or None]:
            documents.remove(document)
            gone.append(document)

    wrong = each(command["deletes"], command.get("ordered", True), one)
    return {"n": len(gone), **wrong}


def batch(name, documents, size, first):
    part, rest = documents[:size], documents[size:]
    cursor = 0
    if rest:
        cursor = first or len(CURSORS) + 1000
        CURSORS[cursor] = (name, rest)
    elif first:
        CURSORS.pop(first, None)
    return part, cursor


def respond(command):
    name = next(iter(command))
    database = command.get("$db", "admin")
    space = "%s.%s" % (database, command[name])
    documents = lambda: STATE.setdefault(space, [])
    fault = FAULTS[0]["data"] if FAULTS and name in FAULTS[0]["data"]["failCommands"] else None
    if fault:
        FAULTS[0]["mode"]["times"] -= 1
        if FAULTS[0]["mode"]["times"] <= 0:
            FAULTS.pop(0)
        if fault.get("blockConnection"):
            LOCK.release()
            time.sleep(fault["blockTimeMS"] / 1000)
            LOCK.acquire()
        if fault.get("closeConnection") and not fault.get("afterwards"):
            raise ConnectionError
        if "errorCode" in fault and "documents" not in fault:
            raise Refusal(fault["errorCode"], "Told", "as told")
    SEEN.append([name, len(command.get("updates", command.get("deletes", command.get("documents", []))))])
    answer = carry_out(name, database, space, command, documents, fault)
    if fault and fault.get("afterwards"):
        raise ConnectionError
    return {**answer, "ok": 1.0}


def carry_out(name, database, space, command, documents, fault):
    match name:
        case "hello" | "isMaster" | "ismaster":
            return {"isWritablePrimary": True, "ismaster": True, "helloOk": True, "maxBsonObjectSize": LARGEST,
                    "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000, "logicalSessionTimeoutMinutes": 30,
                    "localTime": datetime.datetime.now(datetime.timezone.utc), "connectionId": 1, "minWireVersion": 0,
                    "maxWireVersion": 21, "readOnly": False}
        case "ping" | "endSessions":
            return {}
        case "buildInfo" | "buildinfo":
            return {"version": "7.0.0", "versionArray": [7, 0, 0, 0]}
        case "configureFailPoint":
            FAULTS.append({"mode": dict(command["mode"]), "data": command["data"]})
            return {}
        case "seen":
            return {"seen": SEEN}
        case "insert":
            return insert(command, documents())
        case "update":
            if len(command["updates"]) > 100000 or not command["updates"]:
                raise Refusal(16, "InvalidLength", "Write batch sizes must be between 1 and 100000.")
            return update(command, documents(), fault)
        case "delete":
            return delete(command, documents())
        case "find":
            check(command, "find", "filter", "projection", "limit", "batchSize", "sort", "singleBatch", "skip")
            found = [document for document in documents() if matches(document, command.get("filter", {}))]
            for key, way in reversed(list(command.get("sort", {}).items())):
                found.sort(key=lambda document: repr(document.get(key)), reverse=way < 0)
            found = found[: abs(command.get("limit", 0)) or None]
            wanted = command.get("projection")
            if wanted:
                if any(value not in (1, True) for value in wanted.values()):
                    raise Refusal(31254, "Location31254", "this double knows projections of fields that are wanted alone")
                found = [{key: value for key, value in document.items() if key in wanted or key == "_id"} for document in found]
            first, cursor = batch(space, found, command.get("batchSize", 101), 0)
            return {"cursor": {"firstBatch": first, "id": bson.Int64(cursor), "ns": space}}
        case "getMore":
            check(command, "getMore", "collection", "batchSize")
            if command["getMore"] not in CURSORS:
                raise Refusal(43, "CursorNotFound", "cursor id %d not found" % command["getMore"])
            space, rest = CURSORS[command["getMore"]]
            part, cursor = batch(space, rest, command.get("batchSize", 1 << 30), int(command["getMore"]))
            return {"cursor": {"nextBatch": part, "id": bson.Int64(cursor), "ns": space}}
        case "killCursors":
            return {"cursorsKilled": [CURSORS.pop(cursor, None) and cursor for cursor in command["cursors"]],
                    "cursorsNotFound": [], "cursorsAlive": [], "cursorsUnknown": []}
        case "aggregate":
            # As count_documents asks.
            check(command, "aggregate", "pipeline", "cursor")
            found = documents()
            for stage in command["pipeline"]:
                (kind, rest), = stage.items()
                if kind == "$match":
                    found = [document for document in found if matches(document, rest)]
                elif kind == "$group" and rest == {"_id": 1, "n": {"$sum": 1}}:
                    found = [{"_id": 1, "n": len(found)}] if found else []
                else:
                    raise Refusal(40324, "Location40324", "Unrecognized pipeline stage: %r" % stage)
            return {"cursor": {"firstBatch": found, "id": bson.Int64(0), "ns": space}}
        case "createIndexes":
            check(command, "createIndexes", "indexes", "commitQuorum")
            if any(not index.get("name") or not index.get("key") for index in command["indexes"]):
                raise Refusal(9, "FailedToParse", "an index has a name and a key")
            documents()
            return {"numIndexesBefore": 1, "numIndexesAfter": 1 + len(command["indexes"])}
        case "drop":
            if STATE.pop(space, None) is None:
                raise Refusal(26, "NamespaceNotFound", "ns not found")
            save()
            return {"ns": space}
        case _:
            raise Refusal(59, "CommandNotFound", "no such command: '%s'" % name)


class Handler(socketserver.BaseRequestHandler):
    def receive(self, count):
        data = b""
        while len(data) < count:
            part = self.request.recv(count - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    def handle(self):
        try:
            while True:
                self.one()
        except (ConnectionError, OSError):
            pass

    def one(self):
        length, number, _, code = struct.unpack("<iiii", self.receive(16))
        body = self.receive(length - 16)
        if code == 2004:
            # The greeting of a client that does not know yet what the server speaks.
            end = body.index(b"\0", 4)
            command = bson.decode(body[end + 9:], OPTIONS)
            answer = bson.encode(self.answer({**command, "$db": "admin"}))
            reply = struct.pack("<iqii", 8, 0, 0, 1) + answer
            return self.request.sendall(struct.pack("<iiii", 16 + len(reply), 1, number, 1) + reply)
        if code != 2013:
            raise ConnectionError
        flags, = struct.unpack_from("<I", body)
        if flags & ~0x10001:
            raise ConnectionError
        at, end, command = 4, len(body) - (4 if flags & 1 else 0), None
        lists = {}
        while at < end:
            kind = body[at]
            size, = struct.unpack_from("<i", body, at + 1)
            section = body[at + 1: at + 1 + size]
            at += 1 + size
            if kind == 0:
                command = bson.decode(section, OPTIONS)
            elif kind == 1:
                stop = section.index(b"\0", 4)
                lists[section[4:stop].decode()] = bson.decode_all(section[stop + 1:], OPTIONS)
            else:
                raise ConnectionError
        if "$db" not in command:
            answer = {"ok": 0.0, "errmsg": "OP_MSG requests require a $db argument", "code": 40571}
        else:
            answer = self.answer({**command, **lists})
        if flags & 2:
            return
        reply = struct.pack("<I", 0) + b"\0" + bson.encode(answer)
        self.request.sendall(struct.pack("<iiii", 16 + len(reply), 1, number, 2013) + reply)

    def answer(self, command):
        with LOCK:
            try:
                return respond(command)
            except Refusal as refusal:
                return refusal.answer


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


load()
Server(("127.0.0.1", PORT), Handler).serve_forever()

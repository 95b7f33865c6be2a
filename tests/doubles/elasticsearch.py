"""A double of Elasticsearch, for the part of its API that jsonl-store uses, and somewhat stricter than the original.

    python3 elasticsearch.py PORT FOLDER [opensearch]

There is no server to test with where these tests run, so this stands in for one. It is kept honest by the official Python
clients of Elasticsearch and OpenSearch, which tests/store_elastic.rs has drive it.  What it is strict about: NDJSON and its last
newline, media types, metadata of actions, names of indices and documents, versions, types of fields (by mapping or by the
first value), fields called `_id` and the like, names that come twice in a document; a search sees what was refreshed,
and what was deleted is forgotten at once (the original remembers versions of deleted documents for a minute).

What is stored is on the disk when it is acknowledged, so the double can be killed and started again.  `PUT /_double` takes
faults, each for one bulk request (or "at" another path): {"faults": [FAULT, …]}, with FAULT one of {"status": 503,
"retry_after": 1}, {"cut": true} (it is carried out, and the connection cut without an answer), {"wait": SECONDS},
{"items": 429, "of": "TEXT"} (actions whose lines hold TEXT are not taken); and {"limit": BYTES}, beyond which a request is
too large. `GET /_double` gives {"requests": [[METHOD, PATH, BYTES], …], "auth": […]}.
"""
import fnmatch, json, os, re, sys, threading, time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

PORT, FOLDER, IS_OPENSEARCH = int(sys.argv[1]), sys.argv[2], "opensearch" in sys.argv[3:]
LOCK = threading.Lock()
FILE = os.path.join(FOLDER, "double.json")
METADATA = {"_id", "_index", "_type", "_source", "_routing", "_field_names", "_ignored", "_seq_no", "_version", "_size"}
ACTION = {"_index", "_id", "routing", "version", "version_type", "if_seq_no", "if_primary_term", "pipeline",
          "require_alias", "dynamic_templates", "require_data_stream", "list_executed_pipelines"}


class Refusal(Exception):
    def __init__(self, status, kind, reason, cause=None, **more):
        self.status = status
        self.error = {"type": kind, "reason": reason, **more}
        if cause:
            self.error["caused_by"] = {"type": "illegal_argument_exception", "reason": cause}


def load():
    try:
        with open(FILE) as file:
            return json.load(file)
    except FileNotFoundError:
        return {"indices": {}, "templates": {}}


STATE = load()
FAULTS, REQUESTS, SCROLLS, LIMIT = [], [], {}, [100 << 20]


def save():
    with open(FILE + ".new", "w") as file:
        json.dump(STATE, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(FILE + ".new", FILE)


def check_index_name(name):
    wrong = None
    if name != name.lower():
        wrong = "must be lowercase"
    elif re.search(r'[\\/*?"<>| ,#:]', name):
        wrong = "must not contain the following characters"
    elif name[:1] in "_-+" or name in (".", "..", ""):
        wrong = "must not start with '_', '-', or '+'"
    elif len(name.encode()) > 255:
        wrong = "index name is too long, (%d > 255)" % len(name.encode())
    if wrong:
        raise Refusal(400, "invalid_index_name_exception", "Invalid index name [%s], %s" % (name, wrong), index=name)


def index_of(name):
    check_index_name(name)
    if name not in STATE["indices"]:
        fields = {}
        of_it = [t for t in STATE["templates"].values() if any(fnmatch.fnmatchcase(name, p) for p in t["index_patterns"])]
        for template in sorted(of_it, key=lambda t: t.get("priority", 0))[-1:]:
            properties = template.get("template", {}).get("mappings", {}).get("properties", {})
            fields = {path: field["type"] for path, field in properties.items()}
        STATE["indices"][name] = {"docs": {}, "fields": fields, "seen": {}, "seq": 0}
    return STATE["indices"][name]


def pairs_once(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError("Duplicate field '%s'" % name)
    return dict(pairs)


def no_constant(name):
    raise ValueError("Non-standard token '%s'" % name)


def strict_json(line):
    return json.loads(line, object_pairs_hook=pairs_once, parse_constant=no_constant)


def is_date(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", text):
        return False
    try:
        datetime.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def kind_of(value):
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        if not -2**63 <= value < 2**63:
            raise Refusal(400, "document_parsing_exception", "failed to parse",
                          "No matching token for number_type [BIG_INTEGER]")
        return "long"
    if isinstance(value, float):
        return "float"
    return "date" if is_date(value) else "text"


def check_value(fields, path, value):
    def refuse(kind):
        raise Refusal(400, "document_parsing_exception",
                      "failed to parse field [%s] of type [%s] in document" % (path, kind), "For input string: %r" % (value,))
    if value is None:
        return
    if isinstance(value, list):
        for each in value:
            check_value(fields, path, each)
        return
    known = fields.get(path)
    if isinstance(value, dict):
        if known not in (None, "object"):
            raise Refusal(400, "document_parsing_exception",
                          "object mapping for [%s] tried to parse field as object, but found a concrete value" % path)
        fields[path] = "object"
        check_object(fields, path + ".", value)
        return
    if known == "object":
        raise Refusal(400, "document_parsing_exception",
                      "object mapping for [%s] tried to parse field [%s] as object, but found a concrete value" % (path, path))
    if known is None:
        fields[path] = kind_of(value)
        return
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if known == "long":
        try:
            if isinstance(value, bool) or not -2**63 <= float(value) < 2**63:
                refuse(known)
        except ValueError:
            refuse(known)
    elif known in ("float", "double"):
        try:
            if isinstance(value, bool):
                refuse(known)
            float(value)
        except ValueError:
            refuse(known)
    elif known == "boolean":
        if not (isinstance(value, bool) or value in ("true", "false", "")):
            refuse(known)
    elif known == "date":
        if isinstance(value, bool) or not (is_number or is_date(str(value))):
            refuse(known)
    elif known == "keyword" and len(str(value).encode()) > 32766:
        raise Refusal(400, "document_parsing_exception", "Document contains at least one immense term in field=\"%s\"" % path)


def check_object(fields, prefix, value):
    for name, each in value.items():
        if not name.strip():
            raise Refusal(400, "document_parsing_exception", "field name cannot be an empty string")
        if name.startswith(".") or name.endswith(".") or ".." in name:
            raise Refusal(400, "document_parsing_exception", "field name cannot contain only whitespace or begin or end with a dot")
        if not prefix and name in METADATA:
            raise Refusal(400, "document_parsing_exception",
                          "Field [%s] is a metadata field and cannot be added inside a document." % name)
        check_value(fields, prefix + name, each)


def write(op, meta, source):
    """One action; its item."""
    name = meta.get("_index")
    index = index_of(name)
    fields = dict(index["fields"])
    document = None
    if op != "delete":
        try:
            document = strict_json(source)
        except ValueError as error:
            raise Refusal(400, "document_parsing_exception", "failed to parse", str(error))
        if not isinstance(document, dict):
            raise Refusal(400, "document_parsing_exception", "failed to parse", "not an object")
        check_object(fields, "", document)
    id = meta.get("_id")
    if id is None:
        index["seq"] += 1
        id = "auto%d" % index["seq"]
    known = index["docs"].get(id)
    version = (known["version"] if known else 0) + 1
    kind = meta.get("version_type", "internal")
    if op == "create" and known or kind == "internal" and "version" in meta:
        raise Refusal(409, "version_conflict_engine_exception",
                      "[%s]: version conflict, document already exists (current version [%d])" % (id, version - 1), index=name)
    if kind in ("external", "external_gte"):
        given = meta["version"]
        if known and (given < known["version"] or kind == "external" and given == known["version"]):
            raise Refusal(409, "version_conflict_engine_exception",
                          "[%s]: version conflict, current version [%d] is higher than the one provided [%d]"
                          % (id, known["version"], given), index=name)
        version = given
    index["fields"] = fields
    if op == "delete":
        index["docs"].pop(id, None)
        result, status = ("deleted", 200) if known else ("not_found", 404)
    else:
        index["docs"][id] = {"version": version, "source": source}
        result, status = ("updated", 200) if known else ("created", 201)
    return {"_index": name, "_id": id, "_version": version, "result": result, "status": status,
            "_shards": {"total": 2, "successful": 1, "failed": 0}, "_seq_no": 1, "_primary_term": 1}


def check_meta(op, meta, number, default):
    bad = lambda what: Refusal(400, "illegal_argument_exception", "Malformed action/metadata line [%d], %s" % (number, what))
    if op not in ("index", "create", "delete"):
        raise bad("expected field [create], [delete], [index] or [update] but found [%s]" % op)
    if not isinstance(meta, dict) or any(isinstance(value, (dict, list)) for value in meta.values()):
        raise bad("expected a simple value")
    for name in meta:
        if name not in ACTION:
            raise Refusal(400, "illegal_argument_exception",
                          "Action/metadata line [%d] contains an unknown parameter [%s]" % (number, name))
    meta.setdefault("_index", default)
    if not isinstance(meta["_index"], str):
        raise Refusal(400, "action_request_validation_exception", "Validation Failed: 1: index is missing;")
    id = meta.get("_id")
    if id is not None and (not isinstance(id, str) or id == ""):
        raise Refusal(400, "illegal_argument_exception", "if _id is specified it must not be empty")
    if id is not None and len(id.encode()) > 512:
        raise Refusal(400, "action_request_validation_exception",
                      "Validation Failed: 1: id [%s] is too long, must be no longer than 512 bytes but was: %d;"
                      % (id, len(id.encode())))
    if op == "delete" and id is None:
        raise Refusal(400, "action_request_validation_exception", "Validation Failed: 1: id is missing;")
    if meta.get("version_type", "internal") not in ("internal", "external", "external_gte"):
        raise Refusal(400, "illegal_argument_exception", "No version type match [%s]" % meta["version_type"])
    if meta.get("version_type", "internal") != "internal":
        version = meta.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < 2**63:
            raise Refusal(400, "action_request_validation_exception",
                          "Validation Failed: 1: illegal version value [%s] for version type;" % version)


def bulk(default, body, put_off):
    if not body.endswith(b"\n"):
        raise Refusal(400, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]")
    lines = body.decode("utf-8").split("\n")[:-1]
    actions, at = [], 0
    while at < len(lines):
        try:
            action = strict_json(lines[at])
        except ValueError:
            action = None
        if not isinstance(action, dict) or len(action) != 1:
            raise Refusal(400, "illegal_argument_exception",
                          "Malformed action/metadata line [%d], expected START_OBJECT" % (at + 1))
        (op, meta), = action.items()
        check_meta(op, meta, at + 1, default)
        at += 1
        source = None
        if op != "delete":
            if at == len(lines):
                raise Refusal(400, "action_request_validation_exception", "Validation Failed: 1: source is missing;")
            source, at = lines[at], at + 1
        actions.append((op, meta, source))
    if not actions:
        raise Refusal(400, "action_request_validation_exception", "Validation Failed: 1: no requests added;")
    items, errors = [], False
    for op, meta, source in actions:
        try:
            if put_off and put_off["of"] in json.dumps(meta) + (source or ""):
                kind = "es_rejected_execution_exception" if put_off["items"] == 429 else "unavailable_shards_exception"
                raise Refusal(put_off["items"], kind, "rejected execution of coordinating operation")
            item = write(op, meta, source)
        except Refusal as refusal:
            errors = True
            item = {"_index": meta["_index"], "_id": meta.get("_id"), "status": refusal.status, "error": refusal.error}
        items.append({op: item})
    save()
    return {"took": 1, "errors": errors, "items": items}


def value_at(source, path):
    for name in path.split("."):
        source = source.get(name) if isinstance(source, dict) else None
    return source


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def matches(query, index, id, source):
    if len(query) != 1:
        raise Refusal(400, "parsing_exception", "[_na] query malformed, no start_object after query name")
    (kind, rest), = query.items()
    if kind == "match_all":
        return True
    if kind == "ids":
        return id in rest["values"]
    if kind == "bool":
        for name in rest:
            if name not in ("filter", "must", "must_not", "should", "minimum_should_match"):
                raise Refusal(400, "parsing_exception", "[bool] query does not support [%s]" % name)
        several = lambda name: rest.get(name, []) if isinstance(rest.get(name, []), list) else [rest[name]]
        if sum(map(len, (several("filter"), several("must"), several("should")))) > 1024:
            raise Refusal(400, "too_many_nested_clauses", "maxClauseCount is set to 1024")
        each = lambda name: [matches(one, index, id, source) for one in several(name)]
        least = rest.get("minimum_should_match", 0 if several("filter") or several("must") else min(1, len(several("should"))))
        return all(each("filter") + each("must")) and not any(each("must_not")) and sum(each("should")) >= least
    if kind == "term":
        (path, wanted), = rest.items()
        wanted = wanted["value"] if isinstance(wanted, dict) else wanted
        known, found = index["fields"].get(path), value_at(source, path)
        found = found if isinstance(found, list) else [found]
        if known is None:
            return False
        if known == "date":
            return any(isinstance(one, str) and moment(one) == moment(wanted) for one in found)
        if known == "text":
            return any(isinstance(one, str) and wanted in re.findall(r"\w+", one.lower()) for one in found)
        return any(one == wanted and isinstance(one, bool) == isinstance(wanted, bool) for one in found)
    raise Refusal(400, "parsing_exception", "unknown query [%s]" % kind)


def expand(expression, lenient):
    names = []
    for part in expression.split(","):
        found = sorted(name for name in STATE["indices"] if fnmatch.fnmatchcase(name, part))
        if not found and "*" not in part and not lenient:
            raise Refusal(404, "index_not_found_exception", "no such index [%s]" % part, index=part)
        names += found
    return names


def search(names, body):
    hits = []
    for name in names:
        index = STATE["indices"][name]
        # What was not refreshed is not found.
        for id, document in index["seen"].items():
            source = json.loads(document["source"])
            if matches(body.get("query", {"match_all": {}}), index, id, source):
                hit = {"_index": name, "_id": id, "_score": 1.0, "_source": source}
                if body.get("version"):
                    hit["_version"] = document["version"]
                if isinstance(body.get("_source"), list):
                    hit["_source"] = {key: source[key] for key in body["_source"] if key in source}
                hits.append(hit)
    return hits


def answer_search(hits, size, **more):
    shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
    return {"took": 1, "timed_out": False, "_shards": shards, **more,
            "hits": {"total": {"value": len(hits), "relation": "eq"}, "max_score": 1.0, "hits": hits[:size]}}


def refresh(names):
    for name in names:
        index = STATE["indices"][name]
        index["seen"] = dict(index["docs"])
    save()
    return {"_shards": {"total": len(names), "successful": len(names), "failed": 0}}


def respond(method, path, query, body, put_off):
    parts = [unquote(part) for part in path.strip("/").split("/")] if path != "/" else []
    lenient = query.get("ignore_unavailable") == "true"
    as_json = lambda: json.loads(body) if body else {}
    match (method, parts):
        case ("GET" | "HEAD", []):
            version = {"number": "2.19.0", "distribution": "opensearch"} if IS_OPENSEARCH else {
                "number": "9.1.0", "build_flavor": "default", "lucene_version": "10.2.2",
                "minimum_wire_compatibility_version": "8.19.0", "minimum_index_compatibility_version": "8.0.0"}
            return 200, {"name": "double", "cluster_name": "double", "version": version,
                         "tagline": "You Know, for Search" if not IS_OPENSEARCH else "The OpenSearch Project: https://opensearch.org/"}
        case ("POST" | "PUT", ["_bulk"]):
            done = bulk(None, body, put_off)
        case ("POST" | "PUT", [index, "_bulk"]):
            done = bulk(index, body, put_off)
        case ("POST" | "GET", ["_search", "scroll"]):
            asked = as_json()
            hits, size = SCROLLS.get(asked.get("scroll_id"), (None, 0))
            if hits is None:
                raise Refusal(404, "search_context_missing_exception", "No search context found")
            SCROLLS[asked["scroll_id"]] = (hits[size:], size)
            return 200, answer_search(hits, size, _scroll_id=asked["scroll_id"])
        case ("DELETE", ["_search", "scroll"]):
            return 200, {"succeeded": True, "num_freed": 1}
        case ("POST" | "GET", [index, "_search"]):
            asked = as_json()
            for name in asked:
                if name not in ("query", "size", "version", "_source", "sort", "track_total_hits"):
                    raise Refusal(400, "parsing_exception", "unknown key [%s]" % name)
            size = int(query.get("size", asked.get("size", 10)))
            if size > 10000:
                raise Refusal(400, "illegal_argument_exception", "Result window is too large")
            hits, more = search(expand(index, lenient), asked), {}
            if "scroll" in query:
                more["_scroll_id"] = "scroll%d" % len(SCROLLS)
                SCROLLS[more["_scroll_id"]] = (hits[size:], size)
            return 200, answer_search(hits, size, **more)
        case ("POST" | "GET", [index, "_count"]):
            return 200, {"count": len(search(expand(index, lenient), as_json())),
                         "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0}}
        case ("POST" | "GET", [index, "_refresh"]):
            return 200, refresh(expand(index, lenient))
        case ("GET" | "HEAD", [index, "_doc", id]):
            document = (STATE["indices"].get(index) or {"docs": {}})["docs"].get(id)
            if not document:
                return 404, {"_index": index, "_id": id, "found": False}
            return 200, {"_index": index, "_id": id, "_version": document["version"], "_seq_no": 1, "_primary_term": 1,
                         "found": True, "_source": json.loads(document["source"])}
        case ("PUT" | "POST", [index, "_doc", id]):
            meta = {"_id": id, **{name: query[name] for name in ("version_type",) if name in query}}
            if "version" in query:
                meta["version"] = int(query["version"])
            check_meta("index", meta, 1, index)
            done = write("index", meta, json.dumps(as_json()))
            save()
            return done.pop("status"), done
        case ("GET" | "HEAD", ["_index_template", name]):
            if name not in STATE["templates"]:
                raise Refusal(404, "resource_not_found_exception", "index template matching [%s] not found" % name)
            return 200, {"index_templates": [{"name": name, "index_template": STATE["templates"][name]}]}
        case ("PUT", ["_index_template", name]):
            asked = as_json()
            for key in asked:
                if key not in ("index_patterns", "priority", "template", "version", "_meta", "composed_of", "data_stream"):
                    raise Refusal(400, "x_content_parse_exception", "[index_template] unknown field [%s]" % key)
            if not asked.get("index_patterns"):
                raise Refusal(400, "illegal_argument_exception", "index patterns are missing")
            STATE["templates"][name] = asked
            save()
            return 200, {"acknowledged": True}
        case ("GET" | "POST", ["_resolve", "index", name]):
            found = [{"name": name, "attributes": ["open"]} for name in expand(name, True)]
            return 200, {"indices": found, "aliases": [], "data_streams": []}
        case ("GET", [index]):
            return 200, {name: {"aliases": {}, "mappings": {"properties": {
                path: {"type": kind} for path, kind in STATE["indices"][name]["fields"].items()}}, "settings": {}}
                for name in expand(index, False)}
        case ("HEAD", [index]):
            return (200 if index in STATE["indices"] else 404), {}
        case ("PUT", [index]) if not index.startswith("_"):
            if index in STATE["indices"]:
                raise Refusal(400, "resource_already_exists_exception", "index [%s] already exists" % index, index=index)
            index_of(index)
            save()
            return 200, {"acknowledged": True, "shards_acknowledged": True, "index": index}
        case ("DELETE", [index]):
            # As it is delivered: no stars in what is destroyed.
            if "*" in index or index == "_all":
                raise Refusal(400, "illegal_argument_exception", "Wildcard expressions or all indices are not allowed")
            for name in expand(index, lenient):
                del STATE["indices"][name]
            save()
            return 200, {"acknowledged": True}
        case _:
            raise Refusal(405, "illegal_argument_exception", "Incorrect HTTP method for uri [%s] and method [%s]" % (path, method))
    if query.get("refresh") in ("true", "", "wait_for"):
        refresh({item["_index"] for one in done["items"] for item in one.values() if item["_index"] in STATE["indices"]})
    return 200, done


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send(self, status, answer, headers=()):
        body = json.dumps(answer).encode()
        self.send_response(status)
        asked = self.headers.get("Accept", "")
        kind = asked if "compatible-with" in asked else "application/json"
        self.send_header("Content-Type", kind.split(",")[0])
        self.send_header("Content-Length", str(len(body)))
        if not IS_OPENSEARCH:
            self.send_header("X-Elastic-Product", "Elasticsearch")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with LOCK:
            if url.path == "/_double":
                if self.command == "PUT":
                    asked = json.loads(body)
                    FAULTS.extend(asked.get("faults", []))
                    LIMIT[0] = asked.get("limit", LIMIT[0])
                return self.send(200, {"requests": REQUESTS, "faults": FAULTS, "auth": sorted(AUTH)})
            REQUESTS.append([self.command, self.path, len(body)])
            AUTH.add(self.headers.get("Authorization", ""))
            fault = FAULTS.pop(0) if FAULTS and url.path.endswith(FAULTS[0].get("at", "/_bulk")) else {}
        if "wait" in fault:
            time.sleep(fault["wait"])
        if "status" in fault:
            headers = [("Retry-After", str(fault["retry_after"]))] if "retry_after" in fault else []
            return self.send(fault["status"], {"error": {"type": "double", "reason": "as told"}, "status": fault["status"]}, headers)
        try:
            if self.headers.get("Transfer-Encoding"):
                raise Refusal(400, "illegal_argument_exception", "this double takes no chunks")
            if len(body) > LIMIT[0]:
                raise Refusal(413, "content_too_long_exception", "entity content is too long")
            kind = self.headers.get("Content-Type", "").split(";")[0].strip()
            is_bulk = url.path.endswith("/_bulk")
            fits = (kind in ("application/x-ndjson", "application/vnd.elasticsearch+x-ndjson", "application/json")
                    if is_bulk else kind in ("application/json", "application/vnd.elasticsearch+json"))
            if body and not fits:
                raise Refusal(406, "media_type_header_exception", "Content-Type header [%s] is not supported" % kind)
            with LOCK:
                query = dict(parse_qsl(url.query, keep_blank_values=True))
                status, answer = respond(self.command, url.path, query, body, fault if "items" in fault else None)
        except Refusal as refusal:
            error = {**refusal.error, "root_cause": [refusal.error]}
            status, answer = refusal.status, {"error": error, "status": refusal.status}
        except ValueError as error:
            status, answer = 400, {"error": {"type": "parse_exception", "reason": str(error)}, "status": 400}
        if fault.get("cut"):
            self.close_connection = True
            return self.connection.close()
        self.send(status, answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def log_message(self, *_):
        pass


AUTH = set()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


Server(("127.0.0.1", PORT), Handler).serve_forever()

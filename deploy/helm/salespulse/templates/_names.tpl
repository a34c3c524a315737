{{- define "salespulse.name" -}}
{{- if contains "salespulse" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-salespulse" (.Release.Name | trunc 39 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "salespulse.selector" -}}
app.kubernetes.io/name: salespulse
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "salespulse.labels" -}}
{{ include "salespulse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* The ports of kafka.brokers, each once, as a JSON array. */ -}}
{{- define "salespulse.brokerPorts" -}}
{{- $ports := list }}
{{- range splitList "," .Values.kafka.brokers }}{{ $ports = append $ports (splitList ":" . | last | int) }}{{ end }}
{{- $ports | uniq | toJson }}
{{- end }}
